CREATE TABLE "sales"."sales" (
    "id" UUID PRIMARY KEY,
    "name" TEXT,
    "amount" BIGINT,
    "sale_id" UUID,
    "buyer_id" UUID
);

-- Ünïcode before it, so that bytes and letters differ.
CREATE VIEW sales.all AS
  SELECT s.id FROM sales.sales s
  JOIN billing.bills b ON b.sale_id = s.id;
