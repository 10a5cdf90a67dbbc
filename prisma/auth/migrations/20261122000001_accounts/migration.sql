-- CreateTable
CREATE TABLE "auth"."accounts" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "roles" TEXT[],
    "registered_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "accounts_email_check" CHECK ("email" = lower("email") AND "email" LIKE '%_@_%'),
    CONSTRAINT "accounts_password_hash_check" CHECK ("password_hash" LIKE '$argon2id$%'),
    CONSTRAINT "accounts_roles_check" CHECK ("roles" <@ ARRAY['customer', 'admin'] AND cardinality("roles") > 0)
);

-- CreateTable
CREATE TABLE "auth"."sessions" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "refresh_hash" BYTEA NOT NULL,
    "network" BYTEA NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "sessions_refresh_hash_check" CHECK (length("refresh_hash") = 32)
);

-- CreateTable
CREATE TABLE "auth"."spent_refresh_tokens" (
    "hash" BYTEA NOT NULL,
    "session_id" UUID NOT NULL,

    CONSTRAINT "spent_refresh_tokens_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "auth"."signing_keys" (
    "generation" INTEGER NOT NULL,
    "kid" TEXT NOT NULL,
    "modulus" TEXT NOT NULL,
    "exponent" TEXT NOT NULL,
    "private_key" TEXT NOT NULL,
    "signs_from" TIMESTAMPTZ(3) NOT NULL,
    "signs_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "signing_keys_pkey" PRIMARY KEY ("generation"),
    CONSTRAINT "signing_keys_period_check" CHECK ("signs_from" < "signs_until")
);

-- CreateTable
CREATE TABLE "auth"."throttles" (
    "key" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "level" DOUBLE PRECISION NOT NULL,
    "blocked_until" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "forget_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "throttles_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "accounts_email_key" ON "auth"."accounts"("email");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_refresh_hash_key" ON "auth"."sessions"("refresh_hash");

-- CreateIndex
CREATE INDEX "sessions_account_id_idx" ON "auth"."sessions"("account_id");

-- CreateIndex
CREATE INDEX "sessions_expires_at_idx" ON "auth"."sessions"("expires_at");

-- CreateIndex
CREATE INDEX "spent_refresh_tokens_session_id_idx" ON "auth"."spent_refresh_tokens"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "signing_keys_kid_key" ON "auth"."signing_keys"("kid");

-- CreateIndex
CREATE INDEX "throttles_subject_idx" ON "auth"."throttles"("subject");

-- CreateIndex
CREATE INDEX "throttles_forget_at_idx" ON "auth"."throttles"("forget_at");

-- AddForeignKey
ALTER TABLE "auth"."sessions" ADD CONSTRAINT "sessions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."spent_refresh_tokens" ADD CONSTRAINT "spent_refresh_tokens_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "auth"."sessions"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
