-- AlterTable
ALTER TABLE "auth"."sessions" ADD COLUMN "family_hash" BYTEA,
ADD COLUMN "previous_hash" BYTEA,
ADD COLUMN "successor_salt" BYTEA,
ADD COLUMN "refreshed_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE UNIQUE INDEX "sessions_family_hash_key" ON "auth"."sessions"("family_hash");
