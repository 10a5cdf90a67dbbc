-- AlterTable
ALTER TABLE "auth"."accounts" ADD COLUMN "one_time_password" BOOLEAN NOT NULL DEFAULT false;
