
CREATE TABLE users._prisma_migrations (
    id character varying(36) NOT NULL,
    checksum character varying(64) NOT NULL,
    finished_at timestamp with time zone,
    migration_name character varying(255) NOT NULL,
    logs text,
    rolled_back_at timestamp with time zone,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    applied_steps_count integer DEFAULT 0 NOT NULL
);

CREATE TABLE users.addresses (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    label text,
    recipient text NOT NULL,
    line1 text NOT NULL,
    line2 text,
    city text NOT NULL,
    region text,
    postal_code text NOT NULL,
    country text NOT NULL,
    version integer NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT addresses_country_check CHECK ((country ~ '^[A-Z]{2}$'::text)),
    CONSTRAINT addresses_version_check CHECK ((version > 0))
);

CREATE TABLE users.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body text NOT NULL,
    settles_until timestamp(3) with time zone,
    created_at timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE users.inbox (
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

CREATE TABLE users.outbox (
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

CREATE SEQUENCE users.outbox_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE users.outbox_position_seq OWNED BY users.outbox."position";

CREATE TABLE users.people (
    user_id uuid NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    erased_at timestamp(3) with time zone
);

CREATE TABLE users.profiles (
    user_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    phone text,
    version integer NOT NULL,
    created_at timestamp(3) with time zone NOT NULL,
    updated_at timestamp(3) with time zone NOT NULL,
    CONSTRAINT profiles_version_check CHECK ((version > 0))
);

CREATE TABLE users.sagas (
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

CREATE TABLE users.schedules (
    name text NOT NULL,
    next_run_at timestamp(3) with time zone NOT NULL,
    owner integer DEFAULT 0 NOT NULL,
    last_run_at timestamp(3) with time zone,
    last_error text
);

ALTER TABLE ONLY users.outbox ALTER COLUMN "position" SET DEFAULT nextval('users.outbox_position_seq'::regclass);

INSERT INTO users._prisma_migrations VALUES ('7b2f365b-38ad-4128-8538-46e4f7164947', '018ad6c733d1f84db2b94a09bc063d6404e2b31f7f2dd8a33e649fae01497ec4', '2026-11-30 07:21:22.384346+00', '20261122000000_platform', NULL, NULL, '2026-11-30 07:21:22.352632+00', 1);
INSERT INTO users._prisma_migrations VALUES ('3882e1bd-384e-4a00-bdc1-4667125a5191', '7a78d57f2ddeae4bee94bbb9ae356eb709395c8ab7b92e6ba10d94e7eb47983d', '2026-11-30 07:21:22.397319+00', '20261122000001_people', NULL, NULL, '2026-11-30 07:21:22.387438+00', 1);

INSERT INTO users.inbox VALUES ('users.create-profile', '01a22b54-6d52-7370-a794-d1476eace9a3', '01a22b54-6c3b-71d9-8e24-ac0e74033fe5', 1, 'done', 0, NULL, NULL, NULL, '2026-11-30 07:21:23.175+00', '2026-11-30 07:21:23.175+00');
INSERT INTO users.inbox VALUES ('users.create-profile', '01a22b54-70b3-7050-aef6-7d367a6f26c3', '01a22b54-70a7-7053-ba63-a2ec954f81a8', 2, 'done', 0, NULL, NULL, NULL, '2026-11-30 07:21:23.897+00', '2026-11-30 07:21:23.897+00');

INSERT INTO users.people VALUES ('01a22b54-6c3b-71d9-8e24-ac0e74033fe5', 1, NULL);
INSERT INTO users.people VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8', 1, NULL);

INSERT INTO users.profiles VALUES ('01a22b54-6c3b-71d9-8e24-ac0e74033fe5', 'admin@example.com', 'Administrator', NULL, 1, '2026-11-30 07:21:22.747+00', '2026-11-30 07:21:22.747+00');
INSERT INTO users.profiles VALUES ('01a22b54-70a7-7053-ba63-a2ec954f81a8', 'ada@example.com', 'Ada', NULL, 1, '2026-11-30 07:21:23.879+00', '2026-11-30 07:21:23.879+00');

INSERT INTO users.schedules VALUES ('users.prune-idempotency-keys', '2026-11-30 07:21:43.648+00', 0, NULL, NULL);
INSERT INTO users.schedules VALUES ('users.prune-messaging', '2026-11-30 07:22:12.049+00', 0, NULL, NULL);

SELECT pg_catalog.setval('users.outbox_position_seq', 1, false);

ALTER TABLE ONLY users._prisma_migrations
    ADD CONSTRAINT _prisma_migrations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY users.addresses
    ADD CONSTRAINT addresses_pkey PRIMARY KEY (id);

ALTER TABLE ONLY users.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (scope, key);

ALTER TABLE ONLY users.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (subscription, event_id);

ALTER TABLE ONLY users.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY users.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY users.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY users.sagas
    ADD CONSTRAINT sagas_pkey PRIMARY KEY (name, id);

ALTER TABLE ONLY users.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

CREATE INDEX addresses_user_id_idx ON users.addresses USING btree (user_id);

CREATE INDEX idempotency_keys_created_at_idx ON users.idempotency_keys USING btree (created_at);

CREATE INDEX inbox_finished_at_idx ON users.inbox USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX inbox_next_attempt_at_idx ON users.inbox USING btree (next_attempt_at) WHERE (state = 'waiting'::text);

CREATE INDEX inbox_received_at_idx ON users.inbox USING btree (received_at) WHERE (state = 'dead'::text);

CREATE INDEX inbox_subscription_key_position_idx ON users.inbox USING btree (subscription, key, "position") WHERE (state = 'waiting'::text);

CREATE UNIQUE INDEX outbox_id_key ON users.outbox USING btree (id);

CREATE INDEX outbox_key_position_idx ON users.outbox USING btree (key, "position") WHERE (published_at IS NULL);

CREATE INDEX outbox_published_at_idx ON users.outbox USING btree (published_at) WHERE (published_at IS NOT NULL);

CREATE INDEX sagas_state_wake_at_idx ON users.sagas USING btree (state, wake_at);

ALTER TABLE ONLY users.addresses
    ADD CONSTRAINT addresses_user_id_fkey FOREIGN KEY (user_id) REFERENCES users.people(user_id) ON UPDATE RESTRICT ON DELETE RESTRICT;

ALTER TABLE ONLY users.profiles
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users.people(user_id) ON UPDATE RESTRICT ON DELETE RESTRICT;

