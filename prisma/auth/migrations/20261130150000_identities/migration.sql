-- Accounts at other providers that people log in with. Issuer and subject say who it is; nothing else links accounts.
CREATE TABLE "auth"."identities" (
    "id" UUID NOT NULL,
    "account_id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "email" TEXT,
    "connected_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "identities_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "identities_issuer_subject_key" ON "auth"."identities"("issuer", "subject");
CREATE INDEX "identities_account_id_idx" ON "auth"."identities"("account_id");
ALTER TABLE "auth"."identities" ADD CONSTRAINT "identities_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
