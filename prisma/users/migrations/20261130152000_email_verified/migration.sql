ALTER TABLE "users"."profiles" ADD COLUMN "email_verified" BOOLEAN NOT NULL DEFAULT false;
