-- Accounts that are there already are not verified, and what unverified accounts may not do does not concern them.
ALTER TABLE "auth"."accounts" ADD COLUMN "email_verified_at" TIMESTAMPTZ(3);
ALTER TABLE "auth"."accounts" ADD COLUMN "must_verify_email" BOOLEAN NOT NULL DEFAULT false;

CREATE TABLE "auth"."email_codes" (
    "hash" BYTEA NOT NULL,
    "purpose" TEXT NOT NULL,
    "account_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "code_hash" BYTEA,
    "guesses" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "email_codes_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "email_codes_purpose_check" CHECK (purpose IN ('verify', 'change', 'reset'))
);

CREATE INDEX "email_codes_account_id_purpose_idx" ON "auth"."email_codes"("account_id", "purpose");
CREATE INDEX "email_codes_expires_at_idx" ON "auth"."email_codes"("expires_at");

ALTER TABLE "auth"."email_codes" ADD CONSTRAINT "email_codes_account_id_fkey"
    FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
