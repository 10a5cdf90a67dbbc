CREATE TABLE "outbox" (
    "position" BIGSERIAL NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "headers" JSONB NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "owner" INTEGER NOT NULL,
    "published_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("position")
);

CREATE TABLE "inbox" (
    "subscription" TEXT NOT NULL,
    "event_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "event" JSONB,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "inbox_pkey" PRIMARY KEY ("subscription","event_id")
);

CREATE TABLE "sagas" (
    "name" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "step" INTEGER NOT NULL,
    "data" JSONB NOT NULL,
    "reason" JSONB,
    "cancelled" JSONB,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "error" TEXT,
    "wake_at" TIMESTAMPTZ(3) NOT NULL,
    "deadline_at" TIMESTAMPTZ(3) NOT NULL,
    "owner" INTEGER NOT NULL,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "headers" JSONB NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sagas_pkey" PRIMARY KEY ("name","id")
);

CREATE TABLE "idempotency_keys" (
    "scope" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "status" INTEGER NOT NULL,
    "headers" JSONB NOT NULL,
    "body" TEXT NOT NULL,
    "settles_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("scope","key")
);

CREATE TABLE "schedules" (
    "name" TEXT NOT NULL,
    "next_run_at" TIMESTAMPTZ(3) NOT NULL,
    "owner" INTEGER NOT NULL DEFAULT 0,
    "last_run_at" TIMESTAMPTZ(3),
    "last_error" TEXT,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("name")
);

CREATE UNIQUE INDEX "outbox_id_key" ON "outbox"("id");
CREATE INDEX "outbox_key_position_idx" ON "outbox"("key", "position") WHERE (published_at IS NULL);
CREATE INDEX "outbox_published_at_idx" ON "outbox"("published_at") WHERE (published_at IS NOT NULL);
CREATE INDEX "inbox_subscription_key_position_idx" ON "inbox"("subscription", "key", "position") WHERE (state = 'waiting');
CREATE INDEX "inbox_next_attempt_at_idx" ON "inbox"("next_attempt_at") WHERE (state = 'waiting');
CREATE INDEX "inbox_received_at_idx" ON "inbox"("received_at") WHERE (state = 'dead');
CREATE INDEX "inbox_finished_at_idx" ON "inbox"("finished_at") WHERE (finished_at IS NOT NULL);
CREATE INDEX "sagas_state_wake_at_idx" ON "sagas"("state", "wake_at");
CREATE INDEX "idempotency_keys_created_at_idx" ON "idempotency_keys"("created_at");
