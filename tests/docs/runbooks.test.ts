/**
 * The commands of docs/runbooks, run as somebody on call would: on a program in which what the alert is about was
 * provoked, where that can be done here.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alerts } from '../../build/observability/alerts.ts';
import { objectives, recorded } from '../../build/observability/objectives.ts';
import { customer, Visitor } from '../acceptance/client.ts';
import { checkoutCopy } from '../support/checkout-copy.ts';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { withoutPrometheus } from '../support/promtool.ts';
import { blocksOf, Reader } from '../support/reader.ts';
import { repeat } from '../support/repeat.ts';
import { administrator, freePort } from '../support/running-program.ts';

const pages = readdirSync(join(import.meta.dirname, '../../docs/runbooks')).map((name) => name.replace('.md', ''));

interface Scene {
  readonly url: string;
  readonly database: pg.Client;
  readonly reader: Reader;
}

/** Makes an alert true, and returns what ends it. Those not here need a split, another clock, or days. */
const provoked: Record<string, (scene: Scene) => Promise<() => unknown>> = {
  async ApiUnavailable({ url, database }) {
    await database.query('ALTER TABLE orders.products RENAME TO gone');
    const asking = repeat(() => new Visitor(url).get('/v1/products'));
    return async () => {
      await asking.stop();
      await database.query('ALTER TABLE orders.gone RENAME TO products');
    };
  },
  async ApiSlow({ url, database }) {
    const asking = repeat(async () => {
      await database.query('BEGIN; LOCK TABLE orders.products');
      const asked = new Visitor(url).get('/v1/products');
      await database.query('SELECT pg_sleep(0.7); COMMIT');
      await asked;
    });
    return asking.stop;
  },
  async OrdersPaidLate({ url, database }) {
    const ada = await customer(url);
    const order = { items: [{ sku: 'mug-blue', quantity: 1 }], paymentToken: 'tok_visa' };
    await ada.post('/v1/orders', order, { prefer: 'wait=20' });
    await database.query('BEGIN; LOCK TABLE payments.payments');
    await ada.post('/v1/orders', order);
    return () => database.query('COMMIT');
  },
  /** The event is marked as that of an instance that lives, which is this session. */
  async OutboxLagging({ database }) {
    const owner = 4242;
    await database.query(`SELECT pg_advisory_lock(${0x46495353}, ${owner})`);
    await database.query(
      `INSERT INTO orders.outbox (id, name, version, key, payload, headers, occurred_at, owner)
       VALUES (gen_random_uuid(), 'orders.order-placed', 1, 'k', '{}', '{}', now() - interval '1 hour', ${owner})`,
    );
    return async () => {
      await database.query(`DELETE FROM orders.outbox WHERE owner = ${owner}`);
      await database.query(`SELECT pg_advisory_unlock(${0x46495353}, ${owner})`);
    };
  },
  async DeadLetters({ url, database }) {
    const { userId } = await customer(url);
    const { rowCount } = await database.query(
      `UPDATE users.inbox SET state = 'dead', attempts = 8, error = 'it broke', finished_at = NULL,
         event = jsonb_build_object('id', event_id, 'name', 'auth.user-registered', 'version', 1, 'key', key,
           'payload', '{}'::jsonb, 'headers', '{}'::jsonb, 'occurredAt', received_at, 'position', position)
       WHERE key = $1`,
      [userId],
    );
    expect(rowCount).toBe(1);
    return () => database.query("DELETE FROM users.inbox WHERE state = 'dead'");
  },
  async SagasStuck({ database }) {
    await database.query(
      `INSERT INTO orders.sagas (name, id, version, state, step, data, attempts, error, wake_at, deadline_at, owner, headers)
       VALUES ('orders.checkout', 'stuck', 1, 'undoing', 0, '{}', 20, 'it broke', now() + interval '1 day', now(), 0, '{}')`,
    );
    return () => database.query("DELETE FROM orders.sagas WHERE id = 'stuck'");
  },
  async EventLoopLate({ url, reader }) {
    const { port } = new URL(url);
    await reader.type(
      `pid=$(lsof -t -i tcp:${port} -s tcp:listen); for n in 1 2 3; do kill -STOP $pid; sleep 1; kill -CONT $pid; sleep 1; done`,
    );
    return () => {};
  },
  /** Prometheus has a second target from the start, where nothing listens. */
  async NotScraped() {
    return () => {};
  },
};

describe.skipIf(withoutPrometheus)(`docs/runbooks${withoutPrometheus ? ` (${withoutPrometheus})` : ''}`, () => {
  const closers: (() => unknown)[] = [];
  let scene: Scene;
  let prometheus: Prometheus;

  beforeAll(async () => {
    const checkout = checkoutCopy();
    closers.push(() => checkout.remove());
    const fresh = await freshDatabaseUrl();
    closers.push(() => fresh.drop());
    const port = String(await freePort());
    prometheus = await startPrometheus('prometheus.yml', [['[program:3000]', `["127.0.0.1:${port}", "127.0.0.1:9"]`]]);
    closers.push(() => prometheus.stop());
    const reader = new Reader(
      checkout.path,
      {
        PORT: port,
        DATABASE_URL: fresh.url,
        ADMIN_PASSWORD: administrator.password,
        SEED: 'demo',
        SHUTDOWN_DELAY: '0',
      },
      [
        ['127.0.0.1:3000', `127.0.0.1:${port}`],
        ['127.0.0.1:9090', new URL(prometheus.url).host],
      ],
    );
    closers.push(() => reader.leave());
    const { failed, output } = await reader.type('npm start');
    if (failed !== 0) throw new Error(output);
    const database = new pg.Client(fresh.url);
    await database.connect();
    closers.push(() => database.end());
    scene = { url: `http://127.0.0.1:${port}`, database, reader };
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each(pages)('%s', async (name) => {
    const end = await provoked[name]?.(scene);
    try {
      if (end) await expect.poll(() => prometheus.query(conditionOf(name)).then(({ length }) => length)).not.toBe(0);
      const printed: string[] = [];
      for (const { commands } of blocksOf(`docs/runbooks/${name}.md`)) {
        const { failed, output } = await scene.reader.type(commands);
        expect(failed, output).toBe(0);
        printed.push(output);
      }
      expect(printed.length).toBeGreaterThan(0);
      if (end) expect(printed).not.toContain('');
    } finally {
      await end?.();
    }
  });
});

/** The alert's condition, without how long it has to last. */
function conditionOf(name: string): string {
  const alert = alerts.find((each) => each.name === name);
  if (alert) return `${alert.value.replace(/avg_over_time\((.+)\[5m\]\)/, 'max_over_time($1[1m])')} ${alert.when}`;
  const objective = objectives.find((each) => each.name === name)!;
  return `${recorded(objective, '5m')} > ${objective.budget}`;
}
