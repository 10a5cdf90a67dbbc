-- AlterTable
ALTER TABLE "auth"."accounts" ADD COLUMN "leaving_at" TIMESTAMPTZ(3);
