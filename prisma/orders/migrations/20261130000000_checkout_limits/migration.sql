-- Counted with every order that is placed. Paying or cancelling an order touches the indexes now, since this one goes by status.
CREATE INDEX "orders_customer_id_idx" ON "orders"."orders"("customer_id") WHERE (status = 'pending');

-- CreateTable
CREATE TABLE "orders"."declined_checkouts" (
    "customer_id" UUID NOT NULL,
    "declines" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "declined_checkouts_pkey" PRIMARY KEY ("customer_id")
);
