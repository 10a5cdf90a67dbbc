-- CreateTable
CREATE TABLE "auth"."devices" (
    "hash" BYTEA NOT NULL,
    "account_id" UUID NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "devices_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "devices_hash_check" CHECK (length("hash") = 32)
);

-- CreateIndex
CREATE INDEX "devices_account_id_idx" ON "auth"."devices"("account_id");

-- CreateIndex
CREATE INDEX "devices_last_used_at_idx" ON "auth"."devices"("last_used_at");

-- AddForeignKey
ALTER TABLE "auth"."devices" ADD CONSTRAINT "devices_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- Only the release before this one reads it.
ALTER TABLE "auth"."sessions" ALTER COLUMN "network" DROP NOT NULL;
