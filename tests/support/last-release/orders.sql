
CREATE TABLE orders._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);

CREATE TABLE orders.erased_customers (
    customer_id uuid NOT NULL,
    erased_at timestamp(3) with time zone NOT NULL
);

CREATE TABLE orders.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    settles_until timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE orders.inbox (
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

CREATE TABLE orders.orders (
    id uuid NOT NULL,
    customer_id uuid,
    status text NOT NULL,
    currency text NOT NULL,
    total bigint NOT NULL,
    items jsonb NOT NULL,
    history jsonb NOT NULL,
    cancellation jsonb,
    version integer NOT NULL,
    placed_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT orders_cancellation_check CHECK (((cancellation IS NOT NULL) = (status = 'cancelled'::text))),
    CONSTRAINT orders_history_check CHECK ((jsonb_path_query_array(history, '$[*]."status"'::jsonpath) = ANY (ARRAY['["pending"]'::jsonb, '["pending", "paid"]'::jsonb, '["pending", "cancelled"]'::jsonb, '["pending", "paid", "cancelled"]'::jsonb]))),
    CONSTRAINT orders_status_check CHECK ((status = ((history -> '-1'::integer) ->> 'status'::text))),
    CONSTRAINT orders_total_check CHECK ((total >= 0)),
    CONSTRAINT orders_version_check CHECK ((version = jsonb_array_length(history)))
)
WITH (fillfactor='70');

CREATE TABLE orders.outbox (
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

CREATE SEQUENCE orders.outbox_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE orders.outbox_position_seq OWNED BY orders.outbox."position";

CREATE TABLE orders.products (
    sku text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    price bigint NOT NULL,
    currency text NOT NULL,
    available bigint NOT NULL,
    reserved bigint DEFAULT 0 NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT products_available_check CHECK ((available >= 0)),
    CONSTRAINT products_price_check CHECK ((price >= 0)),
    CONSTRAINT products_reserved_check CHECK ((reserved >= 0))
)
WITH (fillfactor='50');

CREATE TABLE orders.sagas (
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

CREATE TABLE orders.schedules (
    name text NOT NULL,
    next_run_at timestamp(3) with time zone NOT NULL,
    owner integer DEFAULT 0 NOT NULL,
    last_run_at timestamp(3) with time zone,
    last_error text
);

ALTER TABLE ONLY orders.outbox ALTER COLUMN "position" SET DEFAULT nextval('orders.outbox_position_seq'::regclass);

INSERT INTO orders._prisma_migrations VALUES ('4a674b8d-a45a-4622-8eab-bc71e137e5b0', 'c8fc4aaabe4a8831f300052359d85a014f5401d229e200564a8ab954cbe1512b', '2026-11-30 07:21:22.302748+00', '20261122000000_platform', NULL, NULL, '2026-11-30 07:21:22.251126+00', 1);
INSERT INTO orders._prisma_migrations VALUES ('c0d8f953-244b-4146-8b59-1e451d17b791', '7628226f6e8239c908dc480e84b512fc53c69a62a20ba8067f7de2c3ad8fa148', '2026-11-30 07:21:22.319029+00', '20261122000001_orders', NULL, NULL, '2026-11-30 07:21:22.307366+00', 1);

INSERT INTO orders.idempotency_keys VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8 POST /v1/orders', 'WyzWDQ9-SD_s0cYg8NlA-cvoPPggx04WmKlp7780g4M', 'vhUD2Xan5vW5Hwr5gjq0m7R8jteahnLLTM-Xf0oitqQ', 201, '["Cache-Control", "no-store", "location", "/v1/orders/01a22b54-711c-733f-b02b-0a50f7431f4e", "Content-Type", "application/json; charset=utf-8"]', '{"id":"01a22b54-711c-733f-b02b-0a50f7431f4e","customerId":"01a22b54-70a7-7053-ba63-a2ec954f81a8","status":"paid","items":[{"sku":"mug","name":"A mug","quantity":1,"unitPrice":{"amount":1250,"currency":"EUR"}}],"total":{"amount":1250,"currency":"EUR"},"cancellation":null,"history":[{"status":"pending","at":"2026-11-30T07:21:23.997Z"},{"status":"paid","at":"2026-11-30T07:21:24.048Z"}],"version":2,"placedAt":"2026-11-30T07:21:23.997Z"}', NULL, '2026-11-30 07:21:23.995+00');
INSERT INTO orders.idempotency_keys VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8 POST /v1/orders', 'eGHtztV9-kZDDv5O3sKRB-wOFHCxJsMllIxNdAtdySc', 'kU3BpkFG3SNHZD6lMf_kyzWUAOwK8lLg47b6ml2sTvk', 201, '["Cache-Control", "no-store", "location", "/v1/orders/01a22b54-716b-714e-b311-d2d41e4b73ad", "Content-Type", "application/json; charset=utf-8"]', '{"id":"01a22b54-716b-714e-b311-d2d41e4b73ad","customerId":"01a22b54-70a7-7053-ba63-a2ec954f81a8","status":"paid","items":[{"sku":"mug","name":"A mug","quantity":2,"unitPrice":{"amount":1250,"currency":"EUR"}}],"total":{"amount":2500,"currency":"EUR"},"cancellation":null,"history":[{"status":"pending","at":"2026-11-30T07:21:24.075Z"},{"status":"paid","at":"2026-11-30T07:21:24.091Z"}],"version":2,"placedAt":"2026-11-30T07:21:24.075Z"}', NULL, '2026-11-30 07:21:24.074+00');
INSERT INTO orders.idempotency_keys VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8 POST /v1/orders', 'DfAzxMlarixvVP-q4VZiCntSqniqBg_NVfVCVNu3_3I', 'w69hjLtTYh-0C4wcknaiSRNcLP1ddjVg5N8joJqXA4A', 201, '["Cache-Control", "no-store", "location", "/v1/orders/01a22b54-7200-7394-94ea-4a578ffe296e", "Content-Type", "application/json; charset=utf-8"]', '{"id":"01a22b54-7200-7394-94ea-4a578ffe296e","customerId":"01a22b54-70a7-7053-ba63-a2ec954f81a8","status":"pending","items":[{"sku":"mug","name":"A mug","quantity":3,"unitPrice":{"amount":1250,"currency":"EUR"}}],"total":{"amount":3750,"currency":"EUR"},"cancellation":null,"history":[{"status":"pending","at":"2026-11-30T07:21:24.224Z"}],"version":1,"placedAt":"2026-11-30T07:21:24.224Z"}', NULL, '2026-11-30 07:21:24.224+00');

INSERT INTO orders.orders VALUES ('01a22b54-711c-733f-b02b-0a50f7431f4e', '01a22b54-70a7-7053-ba63-a2ec954f81a8', 'paid', 'EUR', 1250, '[{"sku": "mug", "name": "A mug", "quantity": 1, "unitPrice": {"amount": 1250, "currency": "EUR"}}]', '[{"at": "2026-11-30T07:21:23.997Z", "status": "pending"}, {"at": "2026-11-30T07:21:24.048Z", "status": "paid"}]', NULL, 2, '2026-11-30 07:21:23.997+00');
INSERT INTO orders.orders VALUES ('01a22b54-7200-7394-94ea-4a578ffe296e', '01a22b54-70a7-7053-ba63-a2ec954f81a8', 'pending', 'EUR', 3750, '[{"sku": "mug", "name": "A mug", "quantity": 3, "unitPrice": {"amount": 1250, "currency": "EUR"}}]', '[{"at": "2026-11-30T07:21:24.224Z", "status": "pending"}]', NULL, 1, '2026-11-30 07:21:24.224+00');
INSERT INTO orders.orders VALUES ('01a22b54-716b-714e-b311-d2d41e4b73ad', '01a22b54-70a7-7053-ba63-a2ec954f81a8', 'cancelled', 'EUR', 2500, '[{"sku": "mug", "name": "A mug", "quantity": 2, "unitPrice": {"amount": 1250, "currency": "EUR"}}]', '[{"at": "2026-11-30T07:21:24.075Z", "status": "pending"}, {"at": "2026-11-30T07:21:24.091Z", "status": "paid"}, {"at": "2026-11-30T07:21:24.237Z", "status": "cancelled"}]', '{"code": "orders.cancelled-by-customer", "message": "The customer cancelled the order."}', 3, '2026-11-30 07:21:24.075+00');

INSERT INTO orders.outbox VALUES (1, '01a22b54-7120-728c-a20d-745e2ade5a3a', 'orders.order-placed', 1, '01a22b54-711c-733f-b02b-0a50f7431f4e', '{"total": {"amount": 1250, "currency": "EUR"}, "orderId": "01a22b54-711c-733f-b02b-0a50f7431f4e", "placedAt": "2026-11-30T07:21:23.997Z", "customerId": "01a22b54-70a7-7053-ba63-a2ec954f81a8"}', '{"requestId": "9eb3e4e1-e1c7-4b58-9e88-1a15ee756527", "traceparent": "00-ae6d34467015ccb17b13916f7f86691b-b0fc0c843b2b70ab-01"}', '2026-11-30 07:21:24+00', 1235062188, '2026-11-30 07:21:24.036+00');
INSERT INTO orders.outbox VALUES (2, '01a22b54-7153-7528-a3fd-d332d97aaf49', 'orders.order-paid', 1, '01a22b54-711c-733f-b02b-0a50f7431f4e', '{"total": {"amount": 1250, "currency": "EUR"}, "paidAt": "2026-11-30T07:21:24.048Z", "orderId": "01a22b54-711c-733f-b02b-0a50f7431f4e"}', '{"requestId": "9eb3e4e1-e1c7-4b58-9e88-1a15ee756527", "traceparent": "00-ae6d34467015ccb17b13916f7f86691b-b0fc0c843b2b70ab-01"}', '2026-11-30 07:21:24.051+00', 1235062188, '2026-11-30 07:21:24.076+00');
INSERT INTO orders.outbox VALUES (3, '01a22b54-716d-739c-9941-e32917057c10', 'orders.order-placed', 1, '01a22b54-716b-714e-b311-d2d41e4b73ad', '{"total": {"amount": 2500, "currency": "EUR"}, "orderId": "01a22b54-716b-714e-b311-d2d41e4b73ad", "placedAt": "2026-11-30T07:21:24.075Z", "customerId": "01a22b54-70a7-7053-ba63-a2ec954f81a8"}', '{"requestId": "e0c27bef-79d4-49c7-b65e-a0969df4b4c6", "traceparent": "00-2d749bdb1aa5b91d9b67befa15036060-a4974c4fffc50334-01"}', '2026-11-30 07:21:24.077+00', 1235062188, '2026-11-30 07:21:24.103+00');
INSERT INTO orders.outbox VALUES (4, '01a22b54-717c-70cb-9769-ee85e0da9eb1', 'orders.order-paid', 1, '01a22b54-716b-714e-b311-d2d41e4b73ad', '{"total": {"amount": 2500, "currency": "EUR"}, "paidAt": "2026-11-30T07:21:24.091Z", "orderId": "01a22b54-716b-714e-b311-d2d41e4b73ad"}', '{"requestId": "e0c27bef-79d4-49c7-b65e-a0969df4b4c6", "traceparent": "00-2d749bdb1aa5b91d9b67befa15036060-a4974c4fffc50334-01"}', '2026-11-30 07:21:24.092+00', 1235062188, '2026-11-30 07:21:24.103+00');
INSERT INTO orders.outbox VALUES (6, '01a22b54-7214-7244-8798-256bf37a2e34', 'orders.order-cancelled', 1, '01a22b54-716b-714e-b311-d2d41e4b73ad', '{"reason": {"code": "orders.cancelled-by-customer", "message": "The customer cancelled the order."}, "orderId": "01a22b54-716b-714e-b311-d2d41e4b73ad", "wasPaid": true, "cancelledAt": "2026-11-30T07:21:24.237Z"}', '{"requestId": "a48a1655-29ba-49e5-8161-cdd511367028", "traceparent": "00-25a531b9d4a6426a63dde49e8f0d339d-d5ce32faef237d42-01"}', '2026-11-30 07:21:24.244+00', 1235062188, NULL);
INSERT INTO orders.outbox VALUES (5, '01a22b54-7202-7221-a84f-371e27d68a0d', 'orders.order-placed', 1, '01a22b54-7200-7394-94ea-4a578ffe296e', '{"total": {"amount": 3750, "currency": "EUR"}, "orderId": "01a22b54-7200-7394-94ea-4a578ffe296e", "placedAt": "2026-11-30T07:21:24.224Z", "customerId": "01a22b54-70a7-7053-ba63-a2ec954f81a8"}', '{"requestId": "e8934196-475a-43de-840b-af2b92ad9e92", "traceparent": "00-75db4af594c837cf351ed4060de3e7ba-625de5bb9ed67cef-01"}', '2026-11-30 07:21:24.226+00', 1235062188, '2026-11-30 07:21:24.26+00');

INSERT INTO orders.products VALUES ('mug', 'A mug', 1250, 'EUR', 6, 4, 5);

INSERT INTO orders.sagas VALUES ('orders.checkout', '01a22b54-711c-733f-b02b-0a50f7431f4e', 1, 'completed', 4, '{}', NULL, NULL, 0, NULL, '2026-11-30 07:21:24.047+00', '2026-11-30 07:36:23.995+00', 1235062188, 3, '{"requestId": "9eb3e4e1-e1c7-4b58-9e88-1a15ee756527", "traceparent": "00-ae6d34467015ccb17b13916f7f86691b-b0fc0c843b2b70ab-01"}', '2026-11-30 07:21:23.995+00', '2026-11-30 07:21:24.047+00');
INSERT INTO orders.sagas VALUES ('orders.checkout', '01a22b54-716b-714e-b311-d2d41e4b73ad', 1, 'completed', 4, '{}', NULL, NULL, 0, NULL, '2026-11-30 07:21:24.091+00', '2026-11-30 07:36:24.074+00', 1235062188, 3, '{"requestId": "e0c27bef-79d4-49c7-b65e-a0969df4b4c6", "traceparent": "00-2d749bdb1aa5b91d9b67befa15036060-a4974c4fffc50334-01"}', '2026-11-30 07:21:24.074+00', '2026-11-30 07:21:24.091+00');
INSERT INTO orders.sagas VALUES ('orders.checkout', '01a22b54-7200-7394-94ea-4a578ffe296e', 1, 'running', 0, '{"total": {"amount": 3750, "currency": "EUR"}, "orderId": "01a22b54-7200-7394-94ea-4a578ffe296e", "customerId": "01a22b54-70a7-7053-ba63-a2ec954f81a8", "paymentToken": "tok_visa"}', NULL, NULL, 0, NULL, '2026-11-30 07:21:24.224+00', '2026-11-30 07:36:24.224+00', 1235062188, 0, '{"requestId": "e8934196-475a-43de-840b-af2b92ad9e92", "traceparent": "00-75db4af594c837cf351ed4060de3e7ba-625de5bb9ed67cef-01"}', '2026-11-30 07:21:24.224+00', '2026-11-30 07:21:24.224+00');

INSERT INTO orders.schedules VALUES ('orders.prune-idempotency-keys', '2026-11-30 07:22:10.775+00', 0, NULL, NULL);
INSERT INTO orders.schedules VALUES ('orders.prune-messaging', '2026-11-30 07:22:15.241+00', 0, NULL, NULL);

SELECT pg_catalog.setval('orders.outbox_position_seq', 6, true);

ALTER TABLE ONLY orders._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.erased_customers
    ADD CONSTRAINT erased_customers_pkey PRIMARY KEY (customer_id);

ALTER TABLE ONLY orders.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY orders.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (subscription, event_id);

ALTER TABLE ONLY orders.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY orders.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY orders.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (sku);

ALTER TABLE ONLY orders.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY orders.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

CREATE INDEX idempotency_keys_created_at_idx ON orders.idempotency_keys USING btree (created_at);

CREATE INDEX inbox_finished_at_idx ON orders.inbox USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX inbox_next_attempt_at_idx ON orders.inbox USING btree (next_attempt_at) WHERE (state = 'waiting'::text);

CREATE INDEX inbox_received_at_idx ON orders.inbox USING btree (received_at) WHERE (state = 'dead'::text);

CREATE INDEX inbox_subscription_key_position_idx ON orders.inbox USING btree (subscription, key, "position") WHERE (state = 'waiting'::text);

CREATE INDEX orders_customer_id_id_idx ON orders.orders USING btree (customer_id, id);

CREATE UNIQUE INDEX outbox_id_key ON orders.outbox USING btree (id);

CREATE INDEX outbox_key_position_idx ON orders.outbox USING btree (key, "position") WHERE (published_at IS NULL);

CREATE INDEX outbox_published_at_idx ON orders.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX sagas_state_wake_at_idx ON orders.sagas USING btree (state, wake_at);

