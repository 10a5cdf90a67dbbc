ALTER TABLE "auth"."accounts" DROP CONSTRAINT "accounts_roles_check";
ALTER TABLE "auth"."accounts" ADD CONSTRAINT "accounts_roles_check"
    CHECK ("roles" <@ ARRAY['customer', 'support', 'catalogue', 'admin'] AND cardinality("roles") > 0) NOT VALID;
ALTER TABLE "auth"."accounts" VALIDATE CONSTRAINT "accounts_roles_check";

-- Search by how an address begins, whatever the collation of the database.
CREATE INDEX "accounts_email_prefix_idx" ON "auth"."accounts"("email" COLLATE "C");
