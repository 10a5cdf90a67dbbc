-- AlterTable
ALTER TABLE "auth"."sessions" ADD COLUMN "amr" TEXT[] DEFAULT ARRAY['pwd']::TEXT[],
ADD COLUMN "authenticated_at" TIMESTAMPTZ(3),
ADD COLUMN "last_network" TEXT,
ADD COLUMN "user_agent" TEXT;

-- AlterTable
ALTER TABLE "auth"."accounts" DROP CONSTRAINT "accounts_roles_check",
ADD CONSTRAINT "accounts_roles_check" CHECK ("roles" <@ ARRAY['customer', 'support', 'catalogue', 'admin'] AND cardinality("roles") > 0);
