CREATE TABLE "sales"."sales" (
    "id" UUID PRIMARY KEY,
    "name" TEXT,
    "amount" BIGINT,
    "sale_id" UUID,
    "buyer_id" UUID
);

-- Ünïcode before it, so that bytes and letters differ.
SET search_path TO sales, billing;
