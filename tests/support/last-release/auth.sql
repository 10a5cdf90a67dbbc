
CREATE TABLE auth._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);

CREATE TABLE auth.accounts (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    roles text[],
    registered_at timestamp(3) with time zone NOT NULL,
    disabled_at timestamp(3) with time zone,
    CONSTRAINT accounts_email_check CHECK (((email = lower(email)) AND (email ~~ '%_@_%'::text))),
    CONSTRAINT accounts_password_hash_check CHECK ((password_hash ~~ '$argon2id$%'::text)),
    CONSTRAINT accounts_roles_check CHECK (((roles <@ ARRAY['customer'::text, 'admin'::text]) AND (cardinality(roles) > 0)))
);

CREATE TABLE auth.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    settles_until timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE auth.inbox (
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

CREATE TABLE auth.outbox (
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

CREATE SEQUENCE auth.outbox_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE auth.outbox_position_seq OWNED BY auth.outbox."position";

CREATE TABLE auth.sagas (
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

CREATE TABLE auth.schedules (
    name text NOT NULL,
    next_run_at timestamp(3) with time zone NOT NULL,
    owner integer DEFAULT 0 NOT NULL,
    last_run_at timestamp(3) with time zone,
    last_error text
);

CREATE TABLE auth.sessions (
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    refresh_hash bytea NOT NULL,
    network bytea NOT NULL,
    started_at timestamp(3) with time zone NOT NULL,
    last_used_at timestamp(3) with time zone NOT NULL,
    expires_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT sessions_refresh_hash_check CHECK ((length(refresh_hash) = 32))
);

CREATE TABLE auth.signing_keys (
    generation integer NOT NULL,
    kid text NOT NULL,
    modulus text NOT NULL,
    exponent text NOT NULL,
    private_key text NOT NULL,
    signs_from timestamp(3) with time zone NOT NULL,
    signs_until timestamp(3) with time zone NOT NULL,
    CONSTRAINT signing_keys_period_check CHECK ((signs_from < signs_until))
);

CREATE TABLE auth.spent_refresh_tokens (
    hash bytea NOT NULL,
    session_id uuid NOT NULL
);

CREATE TABLE auth.throttles (
    key text NOT NULL,
    subject text NOT NULL,
    level double precision NOT NULL,
    blocked_until timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    forget_at timestamp(3) with time zone NOT NULL
);

ALTER TABLE ONLY auth.outbox ALTER COLUMN "position" SET DEFAULT nextval('auth.outbox_position_seq'::regclass);

INSERT INTO auth._prisma_migrations VALUES ('c56cdfea-d55e-464c-ac20-6e340324c8fd', '94fabf64a78539c260ce3fe7fd88203b9b7d300ce5cfa8537a2352e592b3c827', '2026-11-30 07:21:22.220803+00', '20261122000000_platform', NULL, NULL, '2026-11-30 07:21:22.200321+00', 1);
INSERT INTO auth._prisma_migrations VALUES ('d57d8cbb-e6f6-43f1-9d15-e1a86ec5f775', 'e97dd9e283c1a8882e59646bcc609a0b6f52d278654d7a4b35018d8f7677ce1b', '2026-11-30 07:21:22.238997+00', '20261122000001_accounts', NULL, NULL, '2026-11-30 07:21:22.22174+00', 1);

INSERT INTO auth.accounts VALUES ('01a22b54-6c3b-71d9-8e24-ac0e74033fe5', 'admin@example.com', 'Administrator', '$argon2id$v=19$m=19456,t=2,p=1$2FDS2IrfNQXW4weAmrrPtQ$JQ/0rFrilYR7IcIqxqA2JWZQIGqnD8kYGCFgK7Z4Fwc', '{admin}', '2026-11-30 07:21:22.747+00', NULL);
INSERT INTO auth.accounts VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8', 'ada@example.com', 'Ada', '$argon2id$v=19$m=19456,t=2,p=1$ZaSTlVDtDixz4Zds+RtSXQ$VedeAtTRyIQHkvNjVMQ3lOHHRuHBh3CsAut3oqma6DM', '{customer}', '2026-11-30 07:21:23.879+00', NULL);
INSERT INTO auth.accounts VALUES ('01a22b54-725b-7704-bdae-0fa2d922965c', 'grace@example.com', 'Grace', '$argon2id$v=19$m=19456,t=2,p=1$Z3ONMsp7bwH/J6WCidj9Yg$aQ7tmrG/JDF9/pUg4KLclWT084O3G0MmCXZnGTgU++4', '{customer}', '2026-11-30 07:21:24.315+00', NULL);

INSERT INTO auth.outbox VALUES (1, '01a22b54-6d52-7370-a794-d1476eace9a3', 'auth.user-registered', 1, '01a22b54-6c3b-71d9-8e24-ac0e74033fe5', '{"name": "Administrator", "email": "admin@example.com", "userId": "01a22b54-6c3b-71d9-8e24-ac0e74033fe5", "registeredAt": "2026-11-30T07:21:22.747Z"}', '{"requestId": "01a22b54-6d52-7370-a794-ceb581a5924e", "traceparent": "00-e866a8178df3e9ca8d5150725b9e552b-17a68a44d4e61714-01"}', '2026-11-30 07:21:23.026+00', 471350333, '2026-11-30 07:21:23.287+00');
INSERT INTO auth.outbox VALUES (2, '01a22b54-70b3-7050-aef6-7d367a6f26c3', 'auth.user-registered', 1, '01a22b54-70a7-7053-ba63-a2ec954f81a8', '{"name": "Ada", "email": "ada@example.com", "userId": "01a22b54-70a7-7053-ba63-a2ec954f81a8", "registeredAt": "2026-11-30T07:21:23.879Z"}', '{"requestId": "39a29dec-f682-44b3-873b-7b8c209ec02f", "traceparent": "00-ae67bdaa87890697ff8826951fb77434-7fb73fd33b32d4d4-01"}', '2026-11-30 07:21:23.891+00', 471350333, '2026-11-30 07:21:23.948+00');
INSERT INTO auth.outbox VALUES (3, '01a22b54-725f-733f-a142-6834dfb4545b', 'auth.user-registered', 1, '01a22b54-725b-7704-bdae-0fa2d922965c', '{"name": "Grace", "email": "grace@example.com", "userId": "01a22b54-725b-7704-bdae-0fa2d922965c", "registeredAt": "2026-11-30T07:21:24.315Z"}', '{"requestId": "f834e193-9dbd-45ea-99b5-cdcbe81dc297", "traceparent": "00-df44974ceed4ec10fb7cdf6296e9a819-407023d522fb10cc-01"}', '2026-11-30 07:21:24.319+00', 471350333, NULL);

INSERT INTO auth.schedules VALUES ('auth.renew-signing-keys', '2026-11-30 07:22:11.326+00', 0, NULL, NULL);
INSERT INTO auth.schedules VALUES ('auth.prune', '2026-11-30 07:21:44.138+00', 0, NULL, NULL);
INSERT INTO auth.schedules VALUES ('auth.prune-idempotency-keys', '2026-11-30 07:21:52.753+00', 0, NULL, NULL);
INSERT INTO auth.schedules VALUES ('auth.prune-messaging', '2026-11-30 07:21:54.831+00', 0, NULL, NULL);

INSERT INTO auth.throttles VALUES ('registration:12ca17b49af2289436f303e0166030a21e525d266e209267433801a8fd4071a0', '12ca17b49af2289436f303e0166030a21e525d266e209267433801a8fd4071a0', 1.8819444444444444, '2026-11-30 07:21:24.321+00', '2026-11-30 07:21:24.321+00', '2026-11-30 07:21:31.096+00');

SELECT pg_catalog.setval('auth.outbox_position_seq', 3, true);

ALTER TABLE ONLY auth._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY auth.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (subscription, event_id);

ALTER TABLE ONLY auth.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY auth.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY auth.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY auth.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (generation);

ALTER TABLE ONLY auth.spent_refresh_tokens
    ADD CONSTRAINT spent_refresh_tokens_pkey PRIMARY KEY (hash);

ALTER TABLE ONLY auth.throttles
    ADD CONSTRAINT throttles_pkey PRIMARY KEY (key);

CREATE UNIQUE INDEX accounts_email_key ON auth.accounts USING btree (email);

CREATE INDEX idempotency_keys_created_at_idx ON auth.idempotency_keys USING btree (created_at);

CREATE INDEX inbox_finished_at_idx ON auth.inbox USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX inbox_next_attempt_at_idx ON auth.inbox USING btree (next_attempt_at) WHERE (state = 'waiting'::text);

CREATE INDEX inbox_received_at_idx ON auth.inbox USING btree (received_at) WHERE (state = 'dead'::text);

CREATE INDEX inbox_subscription_key_position_idx ON auth.inbox USING btree (subscription, key, "position") WHERE (state = 'waiting'::text);

CREATE UNIQUE INDEX outbox_id_key ON auth.outbox USING btree (id);

CREATE INDEX outbox_key_position_idx ON auth.outbox USING btree (key, "position") WHERE (published_at IS NULL);

CREATE INDEX outbox_published_at_idx ON auth.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX sagas_state_wake_at_idx ON auth.sagas USING btree (state, wake_at);

CREATE INDEX sessions_account_id_idx ON auth.sessions USING btree (account_id);

CREATE INDEX sessions_expires_at_idx ON auth.sessions USING btree (expires_at);

CREATE UNIQUE INDEX sessions_refresh_hash_key ON auth.sessions USING btree (refresh_hash);

CREATE UNIQUE INDEX signing_keys_kid_key ON auth.signing_keys USING btree (kid);

CREATE INDEX spent_refresh_tokens_session_id_idx ON auth.spent_refresh_tokens USING btree (session_id);

CREATE INDEX throttles_forget_at_idx ON auth.throttles USING btree (forget_at);

CREATE INDEX throttles_subject_idx ON auth.throttles USING btree (subject);

ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_account_id_fkey FOREIGN KEY (account_id) REFERENCES auth.accounts(id) ON UPDATE RESTRICT ON DELETE CASCADE;

ALTER TABLE ONLY auth.spent_refresh_tokens
    ADD CONSTRAINT spent_refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON UPDATE RESTRICT ON DELETE CASCADE;

