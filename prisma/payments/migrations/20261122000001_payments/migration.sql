-- CreateTable
CREATE TABLE "payments"."payments" (
    "id" UUID NOT NULL,
    "order_id" UUID NOT NULL,
    "customer_id" UUID,
    "idempotency_key" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "captured" BIGINT NOT NULL DEFAULT 0,
    "refunded" BIGINT NOT NULL DEFAULT 0,
    "provider" TEXT NOT NULL,
    "reference" TEXT,
    "decline_code" TEXT,
    "decline_message" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "payments_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "payments_state_check" CHECK ("state" IN ('authorizing', 'authorized', 'capturing', 'captured', 'voiding', 'voided', 'declined')),
    CONSTRAINT "payments_amount_check" CHECK ("amount" >= 0),
    CONSTRAINT "payments_captured_check" CHECK ("captured" BETWEEN 0 AND "amount"),
    CONSTRAINT "payments_refunded_check" CHECK ("refunded" BETWEEN 0 AND "captured"),
    CONSTRAINT "payments_captured_state_check" CHECK ("state" = 'captured' OR "captured" = 0),
    CONSTRAINT "payments_decline_check" CHECK (("state" = 'declined') = ("decline_code" IS NOT NULL))
);

-- Room in every page for the three changes that a payment usually sees.
ALTER TABLE "payments"."payments" SET (fillfactor = 75);

-- CreateTable
CREATE TABLE "payments"."refunds" (
    "id" UUID NOT NULL,
    "payment_id" UUID NOT NULL,
    "amount" BIGINT NOT NULL,
    "reason" TEXT,
    "status" TEXT NOT NULL,
    "reference" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "refunds_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "refunds_amount_check" CHECK ("amount" > 0),
    CONSTRAINT "refunds_status_check" CHECK ("status" IN ('pending', 'succeeded', 'failed'))
);

-- CreateTable
CREATE TABLE "payments"."ledger_accounts" (
    "id" TEXT NOT NULL,

    CONSTRAINT "ledger_accounts_pkey" PRIMARY KEY ("id")
);

INSERT INTO "payments"."ledger_accounts" ("id") VALUES ('provider:sandbox'), ('provider:stripe'), ('sales'), ('refunds');

-- CreateTable
CREATE TABLE "payments"."ledger_transactions" (
    "id" TEXT NOT NULL,
    "payment_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "ledger_transactions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payments"."ledger_entries" (
    "transaction_id" TEXT NOT NULL,
    "line" SMALLINT NOT NULL,
    "account_id" TEXT NOT NULL,
    "side" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,

    CONSTRAINT "ledger_entries_pkey" PRIMARY KEY ("transaction_id","line"),
    CONSTRAINT "ledger_entries_side_check" CHECK ("side" IN ('debit', 'credit')),
    CONSTRAINT "ledger_entries_amount_check" CHECK ("amount" >= 0)
);

-- CreateTable
CREATE TABLE "payments"."released_orders" (
    "order_id" UUID NOT NULL,
    "released_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "released_orders_pkey" PRIMARY KEY ("order_id")
);

-- CreateTable
CREATE TABLE "payments"."erased_customers" (
    "customer_id" UUID NOT NULL,
    "erased_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "erased_customers_pkey" PRIMARY KEY ("customer_id")
);

-- CreateTable
CREATE TABLE "payments"."provider_reports" (
    "provider" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "provider_reports_pkey" PRIMARY KEY ("provider","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "payments_idempotency_key_key" ON "payments"."payments"("idempotency_key");

-- CreateIndex
CREATE INDEX "payments_order_id_idx" ON "payments"."payments"("order_id");

-- CreateIndex
CREATE INDEX "payments_customer_id_id_idx" ON "payments"."payments"("customer_id", "id");

-- CreateIndex
CREATE INDEX "payments_created_at_idx" ON "payments"."payments" USING BRIN ("created_at");

-- CreateIndex
CREATE UNIQUE INDEX "refunds_reference_key" ON "payments"."refunds"("reference");

-- CreateIndex
CREATE INDEX "refunds_payment_id_idx" ON "payments"."refunds"("payment_id");

-- CreateIndex
CREATE INDEX "ledger_transactions_payment_id_idx" ON "payments"."ledger_transactions"("payment_id");

-- AddForeignKey
ALTER TABLE "payments"."refunds" ADD CONSTRAINT "refunds_payment_id_fkey" FOREIGN KEY ("payment_id") REFERENCES "payments"."payments"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payments"."ledger_transactions" ADD CONSTRAINT "ledger_transactions_payment_id_fkey" FOREIGN KEY ("payment_id") REFERENCES "payments"."payments"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payments"."ledger_entries" ADD CONSTRAINT "ledger_entries_transaction_id_fkey" FOREIGN KEY ("transaction_id") REFERENCES "payments"."ledger_transactions"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- AddForeignKey
ALTER TABLE "payments"."ledger_entries" ADD CONSTRAINT "ledger_entries_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "payments"."ledger_accounts"("id") ON DELETE RESTRICT ON UPDATE RESTRICT;

-- What is in the books stays as it was written, whoever asks.
CREATE FUNCTION "payments"."refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "payments"."ledger_accounts"
    FOR EACH STATEMENT EXECUTE FUNCTION "payments"."refuse_change"();
CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "payments"."ledger_transactions"
    FOR EACH STATEMENT EXECUTE FUNCTION "payments"."refuse_change"();
CREATE TRIGGER "append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "payments"."ledger_entries"
    FOR EACH STATEMENT EXECUTE FUNCTION "payments"."refuse_change"();

-- Checked at the end of every statement that writes entries, so all entries of a transaction are written by one statement.
-- What was there before balances, so it is enough to look at what is added.
CREATE FUNCTION "payments"."check_balance"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM "added"
        GROUP BY "transaction_id", "currency"
        HAVING sum("amount") FILTER (WHERE "side" = 'debit') IS DISTINCT FROM sum("amount") FILTER (WHERE "side" = 'credit')
    ) THEN
        RAISE EXCEPTION 'debits and credits of a ledger transaction differ' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "balance" AFTER INSERT ON "payments"."ledger_entries"
    REFERENCING NEW TABLE AS "added" FOR EACH STATEMENT EXECUTE FUNCTION "payments"."check_balance"();

-- A balance is the sum of its entries and stored nowhere. Positive: more debits than credits.
CREATE VIEW "payments"."ledger_balances" AS
    SELECT "account_id", "currency", sum(CASE "side" WHEN 'debit' THEN "amount" ELSE -"amount" END) AS "balance"
    FROM "payments"."ledger_entries" GROUP BY "account_id", "currency";
