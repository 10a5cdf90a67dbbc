CREATE TABLE "mails" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "data" JSONB NOT NULL,
    "headers" JSONB NOT NULL,
    "state" TEXT NOT NULL,
    "recipient" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "note" TEXT,
    "owner" INTEGER NOT NULL,
    "wake_at" TIMESTAMPTZ(3) NOT NULL,
    "useful_until" TIMESTAMPTZ(3) NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "mails_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "mails_wake_at_idx" ON "mails"("wake_at") WHERE (state = 'waiting');
CREATE INDEX "mails_ended_at_idx" ON "mails"("ended_at") WHERE (ended_at IS NOT NULL);
CREATE INDEX "mails_key_idx" ON "mails"("key");
