-- CreateTable
CREATE TABLE "users"."exports" (
    "user_id" UUID NOT NULL,
    "export_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "exports_pkey" PRIMARY KEY ("user_id")
);
