
CREATE FUNCTION payments.check_balance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION payments.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is only ever added to' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TABLE payments._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);

CREATE TABLE payments.erased_customers (
    customer_id uuid NOT NULL,
    erased_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE payments.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    settles_until timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE payments.inbox (
    subscription text NOT NULL,
    event_id uuid NOT NULL,
    key text NOT NULL,
    "position" bigint NOT NULL,
    state text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp(3) with time zone,
    error text,
    event jsonb,
    received_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    finished_at timestamp(3) with time zone
);

CREATE TABLE payments.ledger_accounts (
    id text NOT NULL
);

CREATE TABLE payments.ledger_entries (
    transaction_id text NOT NULL,
    line smallint NOT NULL,
    account_id text NOT NULL,
    side text NOT NULL,
    amount bigint NOT NULL,
    currency text NOT NULL,
    CONSTRAINT ledger_entries_amount_check CHECK ((amount >= 0)),
    CONSTRAINT ledger_entries_side_check CHECK ((side = ANY (ARRAY['debit'::text, 'credit'::text])))
);

CREATE VIEW payments.ledger_balances AS
 SELECT ledger_entries.account_id,
    ledger_entries.currency,
    sum(
        CASE ledger_entries.side
            WHEN 'debit'::text THEN ledger_entries.amount
            ELSE (- ledger_entries.amount)
        END) AS balance
   FROM payments.ledger_entries
  GROUP BY ledger_entries.account_id, ledger_entries.currency;

CREATE TABLE payments.ledger_transactions (
    id text NOT NULL,
    payment_id uuid NOT NULL,
    at timestamp(3) with time zone NOT NULL
);

CREATE TABLE payments.outbox (
    "position" bigint NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    key text NOT NULL,
    payload jsonb NOT NULL,
    headers jsonb NOT NULL,
    occurred_at timestamp(3) with time zone NOT NULL,
    owner integer NOT NULL,
    published_at timestamp(3) with time zone
);

CREATE SEQUENCE payments.outbox_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE payments.outbox_position_seq OWNED BY payments.outbox."position";

CREATE TABLE payments.payments (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    customer_id uuid,
    idempotency_key text NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    currency text NOT NULL,
    amount bigint NOT NULL,
    captured bigint DEFAULT 0 NOT NULL,
    refunded bigint DEFAULT 0 NOT NULL,
    provider text NOT NULL,
    reference text,
    decline_code text,
    decline_message text,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT payments_amount_check CHECK ((amount >= 0)),
    CONSTRAINT payments_captured_check CHECK (((captured >= 0) AND (captured <= amount))),
    CONSTRAINT payments_captured_state_check CHECK (((state = 'captured'::text) OR (captured = 0))),
    CONSTRAINT payments_decline_check CHECK (((state = 'declined'::text) = (decline_code IS NOT NULL))),
    CONSTRAINT payments_refunded_check CHECK (((refunded >= 0) AND (refunded <= captured))),
    CONSTRAINT payments_state_check CHECK ((state = ANY (ARRAY['authorizing'::text, 'authorized'::text, 'capturing'::text, 'captured'::text, 'voiding'::text, 'voided'::text, 'declined'::text])))
)
WITH (fillfactor='75');

CREATE TABLE payments.provider_reports (
    provider text NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    received_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE payments.refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    amount bigint NOT NULL,
    reason text,
    status text NOT NULL,
    reference text,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT refunds_amount_check CHECK ((amount > 0)),
    CONSTRAINT refunds_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'succeeded'::text, 'failed'::text])))
);

CREATE TABLE payments.released_orders (
    order_id uuid NOT NULL,
    released_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE payments.sagas (
    name text NOT NULL,
    id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    step integer NOT NULL,
    data jsonb NOT NULL,
    reason jsonb,
    cancelled jsonb,
    attempts integer DEFAULT 0 NOT NULL,
    error text,
    wake_at timestamp(3) with time zone NOT NULL,
    deadline_at timestamp(3) with time zone NOT NULL,
    owner integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    headers jsonb NOT NULL,
    started_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE payments.schedules (
    name text NOT NULL,
    next_run_at timestamp(3) with time zone NOT NULL,
    owner integer DEFAULT 0 NOT NULL,
    last_run_at timestamp(3) with time zone,
    last_error text
);

ALTER TABLE ONLY payments.outbox ALTER COLUMN "position" SET DEFAULT nextval('payments.outbox_position_seq'::regclass);

INSERT INTO payments._prisma_migrations VALUES ('e686eec4-9c8d-49dc-b066-aaeec9645bbb', 'fed12c55e6daa9d023fe911d6a21cf212d95b56d34334c13aa661351ee978c0c', '2026-11-30 07:21:22.159955+00', '20261122000000_platform', NULL, NULL, '2026-11-30 07:21:22.138216+00', 1);
INSERT INTO payments._prisma_migrations VALUES ('66b4346d-577e-4f2b-aec6-008e63163b75', 'c184fcb8931ae49d703ef28c7211011ab7f8e7a5e1e4b84c278cec74526fdbfe', '2026-11-30 07:21:22.187796+00', '20261122000001_payments', NULL, NULL, '2026-11-30 07:21:22.160985+00', 1);

INSERT INTO payments.ledger_accounts VALUES ('provider:sandbox');
INSERT INTO payments.ledger_accounts VALUES ('provider:stripe');
INSERT INTO payments.ledger_accounts VALUES ('sales');
INSERT INTO payments.ledger_accounts VALUES ('refunds');

INSERT INTO payments.ledger_entries VALUES ('capture:01a22b54-712d-7232-85ca-ef9479877001', 1, 'provider:sandbox', 'debit', 1250, 'EUR');
INSERT INTO payments.ledger_entries VALUES ('capture:01a22b54-712d-7232-85ca-ef9479877001', 2, 'sales', 'credit', 1250, 'EUR');
INSERT INTO payments.ledger_entries VALUES ('capture:01a22b54-7172-74e3-a988-4bfadfb0763c', 1, 'provider:sandbox', 'debit', 2500, 'EUR');
INSERT INTO payments.ledger_entries VALUES ('capture:01a22b54-7172-74e3-a988-4bfadfb0763c', 2, 'sales', 'credit', 2500, 'EUR');

INSERT INTO payments.ledger_transactions VALUES ('capture:01a22b54-712d-7232-85ca-ef9479877001', '01a22b54-712d-7232-85ca-ef9479877001', '2026-11-30 07:21:24.034+00');
INSERT INTO payments.ledger_transactions VALUES ('capture:01a22b54-7172-74e3-a988-4bfadfb0763c', '01a22b54-7172-74e3-a988-4bfadfb0763c', '2026-11-30 07:21:24.087+00');

INSERT INTO payments.outbox VALUES (1, '01a22b54-7147-7389-978e-da2f35fb185e', 'payments.payment-captured', 1, '01a22b54-712d-7232-85ca-ef9479877001', '{"amount": {"amount": 1250, "currency": "EUR"}, "orderId": "01a22b54-711c-733f-b02b-0a50f7431f4e", "paymentId": "01a22b54-712d-7232-85ca-ef9479877001", "capturedAt": "2026-11-30T07:21:24.034Z"}', '{"requestId": "9eb3e4e1-e1c7-4b58-9e88-1a15ee756527", "traceparent": "00-ae6d34467015ccb17b13916f7f86691b-b0fc0c843b2b70ab-01"}', '2026-11-30 07:21:24.039+00', 144224528, '2026-11-30 07:21:24.072+00');
INSERT INTO payments.outbox VALUES (2, '01a22b54-7178-71bf-9d7b-c804600d8b32', 'payments.payment-captured', 1, '01a22b54-7172-74e3-a988-4bfadfb0763c', '{"amount": {"amount": 2500, "currency": "EUR"}, "orderId": "01a22b54-716b-714e-b311-d2d41e4b73ad", "paymentId": "01a22b54-7172-74e3-a988-4bfadfb0763c", "capturedAt": "2026-11-30T07:21:24.087Z"}', '{"requestId": "e0c27bef-79d4-49c7-b65e-a0969df4b4c6", "traceparent": "00-2d749bdb1aa5b91d9b67befa15036060-a4974c4fffc50334-01"}', '2026-11-30 07:21:24.088+00', 144224528, '2026-11-30 07:21:24.11+00');

INSERT INTO payments.payments VALUES ('01a22b54-712d-7232-85ca-ef9479877001', '01a22b54-711c-733f-b02b-0a50f7431f4e', '01a22b54-70a7-7053-ba63-a2ec954f81a8', '01a22b54-711c-733f-b02b-0a50f7431f4e:authorize', 'mOQKPMatrNUM0QqDhaPJFJNo_OdvgsiDo5LYRLJ0wzg', 'captured', 'EUR', 1250, 1250, 0, 'sandbox', 'sandbox_01a22b54-712d-7232-85ca-ef9479877001', NULL, NULL, '2026-11-30 07:21:24.013+00', '2026-11-30 07:21:24.034+00');
INSERT INTO payments.payments VALUES ('01a22b54-7172-74e3-a988-4bfadfb0763c', '01a22b54-716b-714e-b311-d2d41e4b73ad', '01a22b54-70a7-7053-ba63-a2ec954f81a8', '01a22b54-716b-714e-b311-d2d41e4b73ad:authorize', 'WX8iqnOWwWXIza2EMSLVPPMR43GdgOYFj1cwvGo4BQI', 'captured', 'EUR', 2500, 2500, 0, 'sandbox', 'sandbox_01a22b54-7172-74e3-a988-4bfadfb0763c', NULL, NULL, '2026-11-30 07:21:24.082+00', '2026-11-30 07:21:24.087+00');
INSERT INTO payments.payments VALUES ('01a22b54-7207-7236-9e7c-21802e1f9711', '01a22b54-7200-7394-94ea-4a578ffe296e', '01a22b54-70a7-7053-ba63-a2ec954f81a8', '01a22b54-7200-7394-94ea-4a578ffe296e:authorize', 'pfIcybYGOJueis4yUrC_VMREtdlHiBgYgf-SnL4FHqI', 'authorizing', 'EUR', 3750, 0, 0, 'sandbox', NULL, NULL, NULL, '2026-11-30 07:21:24.231+00', '2026-11-30 07:21:24.231+00');

INSERT INTO payments.schedules VALUES ('payments.give-back-abandoned', '2026-11-30 07:21:40.58+00', 0, NULL, NULL);
INSERT INTO payments.schedules VALUES ('payments.prune-idempotency-keys', '2026-11-30 07:21:38.645+00', 0, NULL, NULL);
INSERT INTO payments.schedules VALUES ('payments.prune-messaging', '2026-11-30 08:21:25.026+00', 0, '2026-11-30 07:21:25.026+00', NULL);

SELECT pg_catalog.setval('payments.outbox_position_seq', 2, true);

ALTER TABLE ONLY payments._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.erased_customers
    ADD CONSTRAINT erased_customers_pkey PRIMARY KEY (customer_id);

ALTER TABLE ONLY payments.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY payments.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (subscription, event_id);

ALTER TABLE ONLY payments.ledger_accounts
    ADD CONSTRAINT ledger_accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.ledger_entries
    ADD CONSTRAINT ledger_entries_pkey PRIMARY KEY (transaction_id, line);

ALTER TABLE ONLY payments.ledger_transactions
    ADD CONSTRAINT ledger_transactions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY payments.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.provider_reports
    ADD CONSTRAINT provider_reports_pkey PRIMARY KEY (provider, id);

ALTER TABLE ONLY payments.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY payments.released_orders
    ADD CONSTRAINT released_orders_pkey PRIMARY KEY (order_id);

ALTER TABLE ONLY payments.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY payments.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

CREATE INDEX idempotency_keys_created_at_idx ON payments.idempotency_keys USING btree (created_at);

CREATE INDEX inbox_finished_at_idx ON payments.inbox USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX inbox_next_attempt_at_idx ON payments.inbox USING btree (next_attempt_at) WHERE (state = 'waiting'::text);

CREATE INDEX inbox_received_at_idx ON payments.inbox USING btree (received_at) WHERE (state = 'dead'::text);

CREATE INDEX inbox_subscription_key_position_idx ON payments.inbox USING btree (subscription, key, "position") WHERE (state = 'waiting'::text);

CREATE INDEX ledger_transactions_payment_id_idx ON payments.ledger_transactions USING btree (payment_id);

CREATE UNIQUE INDEX outbox_id_key ON payments.outbox USING btree (id);

CREATE INDEX outbox_key_position_idx ON payments.outbox USING btree (key, "position") WHERE (published_at IS NULL);

CREATE INDEX outbox_published_at_idx ON payments.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX payments_created_at_idx ON payments.payments USING brin (created_at);

CREATE INDEX payments_customer_id_id_idx ON payments.payments USING btree (customer_id, id);

CREATE UNIQUE INDEX payments_idempotency_key_key ON payments.payments USING btree (idempotency_key);

CREATE INDEX payments_order_id_idx ON payments.payments USING btree (order_id);

CREATE INDEX refunds_payment_id_idx ON payments.refunds USING btree (payment_id);

CREATE UNIQUE INDEX refunds_reference_key ON payments.refunds USING btree (reference);

CREATE INDEX sagas_state_wake_at_idx ON payments.sagas USING btree (state, wake_at);

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON payments.ledger_accounts FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON payments.ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON payments.ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION payments.refuse_change();

CREATE TRIGGER balance AFTER INSERT ON payments.ledger_entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION payments.check_balance();

ALTER TABLE ONLY payments.ledger_entries
    ADD CONSTRAINT ledger_entries_account_id_fkey FOREIGN KEY (account_id) REFERENCES payments.ledger_accounts(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

ALTER TABLE ONLY payments.ledger_entries
    ADD CONSTRAINT ledger_entries_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES payments.ledger_transactions(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

ALTER TABLE ONLY payments.ledger_transactions
    ADD CONSTRAINT ledger_transactions_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments.payments(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

ALTER TABLE ONLY payments.refunds
    ADD CONSTRAINT refunds_payment_id_fkey FOREIGN KEY (payment_id) REFERENCES payments.payments(id) ON UPDATE RESTRICT ON DELETE RESTRICT;

