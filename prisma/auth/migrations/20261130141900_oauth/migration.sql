-- CreateTable
CREATE TABLE "auth"."applications" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "redirect_uris" TEXT[],
    "post_logout_redirect_uris" TEXT[],
    "backchannel_logout_uri" TEXT,
    "scopes" TEXT[],
    "roles" TEXT[],
    "logo_uri" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),

    CONSTRAINT "applications_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "applications_kind_check" CHECK ("kind" IN ('public', 'confidential', 'machine')),
    CONSTRAINT "applications_redirects_check" CHECK (("kind" = 'machine') = (cardinality("redirect_uris") = 0)),
    CONSTRAINT "applications_roles_check" CHECK ("kind" = 'machine' OR cardinality("roles") = 0)
);

-- CreateTable
CREATE TABLE "auth"."application_secrets" (
    "hash" BYTEA NOT NULL,
    "application_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "application_secrets_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "application_secrets_hash_check" CHECK (length("hash") = 32)
);

-- CreateTable
CREATE TABLE "auth"."consents" (
    "account_id" UUID NOT NULL,
    "application_id" UUID NOT NULL,
    "scopes" TEXT[],
    "given_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consents_pkey" PRIMARY KEY ("account_id", "application_id")
);

-- CreateTable
CREATE TABLE "auth"."oauth_state" (
    "kind" TEXT NOT NULL,
    "id" BYTEA NOT NULL,
    "payload" TEXT NOT NULL,
    "session_id" UUID,
    "account_id" UUID,
    "uid" BYTEA,
    "user_code" BYTEA,
    "consumed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "oauth_state_pkey" PRIMARY KEY ("kind", "id"),
    CONSTRAINT "oauth_state_id_check" CHECK (length("id") = 32)
);

-- AlterTable
ALTER TABLE "auth"."sessions" ADD COLUMN "application_id" UUID;

-- CreateIndex
CREATE INDEX "application_secrets_application_id_idx" ON "auth"."application_secrets"("application_id");

-- CreateIndex
CREATE INDEX "consents_application_id_idx" ON "auth"."consents"("application_id");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_state_uid_key" ON "auth"."oauth_state"("uid");

-- CreateIndex
CREATE UNIQUE INDEX "oauth_state_user_code_key" ON "auth"."oauth_state"("user_code");

-- CreateIndex
CREATE INDEX "oauth_state_session_id_idx" ON "auth"."oauth_state"("session_id");

-- CreateIndex
CREATE INDEX "oauth_state_account_id_idx" ON "auth"."oauth_state"("account_id");

-- CreateIndex
CREATE INDEX "oauth_state_expires_at_idx" ON "auth"."oauth_state"("expires_at");

-- CreateIndex
CREATE INDEX "sessions_application_id_idx" ON "auth"."sessions"("application_id");

-- AddForeignKey
ALTER TABLE "auth"."sessions" ADD CONSTRAINT "sessions_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "auth"."applications"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."application_secrets" ADD CONSTRAINT "application_secrets_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "auth"."applications"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."consents" ADD CONSTRAINT "consents_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."consents" ADD CONSTRAINT "consents_application_id_fkey" FOREIGN KEY ("application_id") REFERENCES "auth"."applications"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."oauth_state" ADD CONSTRAINT "oauth_state_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "auth"."sessions"("id") ON DELETE CASCADE ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "auth"."oauth_state" ADD CONSTRAINT "oauth_state_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "auth"."accounts"("id") ON DELETE CASCADE ON UPDATE RESTRICT;
