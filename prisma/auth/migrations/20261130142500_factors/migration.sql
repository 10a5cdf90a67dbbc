-- CreateTable
CREATE TABLE "auth"."totp_secrets" (
    "account_id" UUID NOT NULL,
    "secret" TEXT NOT NULL,
    "last_step" INTEGER NOT NULL DEFAULT 0,
    "proposed_at" TIMESTAMPTZ(3) NOT NULL,
    "confirmed_at" TIMESTAMPTZ(3),

    CONSTRAINT "totp_secrets_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "auth"."recovery_codes" (
    "account_id" UUID NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "recovery_codes_pkey" PRIMARY KEY ("account_id","hash"),
    CONSTRAINT "recovery_codes_hash_check" CHECK (length("hash") = 32)
);

-- CreateTable
CREATE TABLE "auth"."passkeys" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "credential_id" TEXT NOT NULL,
    "public_key" BYTEA NOT NULL,
    "counter" BIGINT NOT NULL,
    "transports" TEXT[],
    "name" TEXT NOT NULL,
    "synced" BOOLEAN NOT NULL,
    "added_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),

    CONSTRAINT "passkeys_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "passkeys_counter_check" CHECK ("counter" >= 0)
);

-- CreateTable
CREATE TABLE "auth"."passkey_challenges" (
    "hash" BYTEA NOT NULL,
    "account_id" UUID,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "passkey_challenges_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "passkey_challenges_hash_check" CHECK (length("hash") = 32)
);

-- CreateIndex
CREATE UNIQUE INDEX "passkeys_credential_id_key" ON "auth"."passkeys"("credential_id");

-- CreateIndex
CREATE INDEX "passkeys_account_id_idx" ON "auth"."passkeys"("account_id");

-- CreateIndex
CREATE INDEX "passkey_challenges_account_id_idx" ON "auth"."passkey_challenges"("account_id");

-- CreateIndex
CREATE INDEX "passkey_challenges_expires_at_idx" ON "auth"."passkey_challenges"("expires_at");

-- AddForeignKey
ALTER TABLE "auth"."totp_secrets" ADD CONSTRAINT "totp_secrets_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."recovery_codes" ADD CONSTRAINT "recovery_codes_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."passkeys" ADD CONSTRAINT "passkeys_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."passkey_challenges" ADD CONSTRAINT "passkey_challenges_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
