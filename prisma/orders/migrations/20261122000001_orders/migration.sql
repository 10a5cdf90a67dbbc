-- CreateTable
-- SKUs are compared byte by byte, so that pages come in the same order on every server.
-- Pages are left half empty: stock changes with every order, and a change that fits beside the old version of its row
-- touches no index (HOT). The same goes for the orders below, which are settled right after they are placed.
CREATE TABLE "orders"."products" (
    "sku" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "price" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "available" BIGINT NOT NULL,
    "reserved" BIGINT NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 1,

    CONSTRAINT "products_pkey" PRIMARY KEY ("sku"),
    CONSTRAINT "products_price_check" CHECK ("price" >= 0),
    CONSTRAINT "products_available_check" CHECK ("available" >= 0),
    CONSTRAINT "products_reserved_check" CHECK ("reserved" >= 0)
) WITH (fillfactor = 50);

-- CreateTable
CREATE TABLE "orders"."orders" (
    "id" UUID NOT NULL,
    "customer_id" UUID,
    "status" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "total" BIGINT NOT NULL,
    "items" JSONB NOT NULL,
    "history" JSONB NOT NULL,
    "cancellation" JSONB,
    "version" INTEGER NOT NULL,
    "placed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "orders_total_check" CHECK ("total" >= 0),
    CONSTRAINT "orders_version_check" CHECK ("version" = jsonb_array_length("history")),
    CONSTRAINT "orders_status_check" CHECK ("status" = "history" -> -1 ->> 'status'),
    CONSTRAINT "orders_cancellation_check" CHECK (("cancellation" IS NOT NULL) = ("status" = 'cancelled')),
    CONSTRAINT "orders_history_check" CHECK (jsonb_path_query_array("history", '$[*].status') IN (
        '["pending"]',
        '["pending", "paid"]',
        '["pending", "cancelled"]',
        '["pending", "paid", "cancelled"]'
    ))
) WITH (fillfactor = 70);

-- CreateTable
CREATE TABLE "orders"."erased_customers" (
    "customer_id" UUID NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_customers_pkey" PRIMARY KEY ("customer_id")
);

-- CreateIndex
CREATE INDEX "orders_customer_id_id_idx" ON "orders"."orders"("customer_id", "id");
