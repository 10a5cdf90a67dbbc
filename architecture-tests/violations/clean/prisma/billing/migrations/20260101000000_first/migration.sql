CREATE TABLE "billing"."bills" (
    "id" UUID PRIMARY KEY,
    "name" TEXT,
    "amount" BIGINT,
    "sale_id" UUID,
    "buyer_id" UUID
);
