/**
 * The commands of docs/runbooks, run as somebody on call would: on a program in which what the alert is about was
 * provoked, where that can be done here.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alerts } from '../../build/observability/alerts.ts';
import { objectives, recorded } from '../../build/observability/objectives.ts';
import { customer, Visitor } from '../acceptance/client.ts';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { checkoutCopy } from '../support/checkout-copy.ts';
import { listenerAt } from '../support/listener.ts';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { withoutPrometheus } from '../support/promtool.ts';
import { blocksOf, Reader } from '../support/reader.ts';
import { repeat } from '../support/repeat.ts';
import { administrator, freePorts, temporaryFolder } from '../support/running-program.ts';

const pages = readdirSync(join(import.meta.dirname, '../../docs/runbooks')).map((name) => name.replace('.md', ''));

const modules = readdirSync(join(import.meta.dirname, '../../modules')).sort();

interface Scene {
  readonly url: string;
  readonly database: pg.Client;
  readonly reader: Reader;
}

/** Makes an alert true, and returns what ends it. */
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
  async EventLoopLate({ url }) {
    const pid = listenerAt(Number(new URL(url).port));
    // So short a time between that of a hundred samples more than one is late, whenever it is scraped.
    for (let count = 0; count < 8; count++) {
      process.kill(pid, 'SIGSTOP');
      await sleep(1_000);
      process.kill(pid, 'SIGCONT');
      await sleep(100);
    }
    return () => {};
  },
  /** More requests than connections wait for a table that somebody has locked. */
  async PoolExhausted({ url, database }) {
    await database.query('BEGIN; LOCK TABLE orders.products');
    const asking = Array.from({ length: 16 }, () => repeat(() => new Visitor(url).get('/v1/products')));
    return async () => {
      await database.query('COMMIT');
      await Promise.all(asking.map(({ stop }) => stop()));
    };
  },
  /** Nobody is where this program looks for payments. */
  async BreakerOpen({ url }) {
    const ada = await customer(url);
    const order = { items: [{ sku: 'mug-blue', quantity: 1 }], paymentToken: 'tok_visa' };
    return repeat(() => ada.post('/v1/orders', order)).stop;
  },
  /** It has a certificate of a week that was made five and a half days ago. */
  async CertificateEnding() {
    return () => {};
  },
  /** Its clock is ahead. */
  async ClockSkewed() {
    return () => {};
  },
  /** Prometheus has a second target from the start, where nothing listens. */
  async NotScraped() {
    return () => {};
  },
};

/** Provoked in a program of which a module is elsewhere, and whose pools are small. */
const ofProcesses = ['BreakerOpen', 'CertificateEnding', 'ClockSkewed', 'PoolExhausted'];
const noBroker = await withoutBroker();

describe.skipIf(withoutPrometheus)(`docs/runbooks${withoutPrometheus ? ` (${withoutPrometheus})` : ''}`, () => {
  const closers: (() => unknown)[] = [];
  let whole: Scene;
  let apart: Scene | undefined;
  let prometheus: Prometheus;

  /** A program in a checkout of its own, started as somebody would, with what has to be typed `before`. */
  async function started(port: number, environment: Record<string, string>, ...before: string[]): Promise<Scene> {
    const checkout = checkoutCopy();
    closers.push(() => checkout.remove());
    const fresh = await freshDatabaseUrl();
    closers.push(() => fresh.drop());
    const reader = new Reader(
      checkout.path,
      {
        PORT: String(port),
        DATABASE_URL: fresh.url,
        ADMIN_PASSWORD: administrator.password,
        SEED: 'demo',
        SHUTDOWN_DELAY: '0',
        ...environment,
      },
      [
        ['127.0.0.1:3000', `127.0.0.1:${port}`],
        ['127.0.0.1:9090', new URL(prometheus.url).host],
      ],
    );
    closers.push(() => reader.leave());
    for (const commands of [...before, 'npm start']) {
      const { failed, output } = await reader.type(commands);
      if (failed !== 0) throw new Error(output);
    }
    const database = new pg.Client(fresh.url);
    await database.connect();
    closers.push(() => database.end());
    return { url: `http://127.0.0.1:${port}`, database, reader };
  }

  /** All but the payments, which are nowhere. */
  async function startedApart(port: number): Promise<Scene> {
    const broker = await virtualHost();
    closers.push(broker.remove);
    const folder = await temporaryFolder('fissile-runbooks-');
    closers.push(folder.remove);
    const topology = join(folder.path, 'apart.yaml');
    const here = ['gateway', ...modules.filter((name) => name !== 'payments')];
    writeFileSync(
      topology,
      `events: \${EVENTS_URL}
processes:
  most: { modules: [${here.join(', ')}], port: ${port}, grpcPort: ${port + 1} }
  payments: { modules: [payments], port: ${port + 3}, grpcPort: ${port + 2} }
`,
    );
    const clock = join(import.meta.dirname, '../support/shifted-clock.js');
    const [days, keys] = [24 * 60 * 60, join(folder.path, 'keys')];
    const environment = {
      MODULES: here.join(','),
      EVENTS_URL: broker.url,
      GRPC_PORT: String(port + 1),
      PAYMENTS_URL: `127.0.0.1:${port + 2}`,
      PAYMENTS_HTTP_URL: `https://127.0.0.1:${port + 3}`,
      PEER_TLS_CA: join(keys, 'ca.pem'),
      PEER_TLS_CERT: join(keys, 'most.pem'),
      PEER_TLS_KEY: join(keys, 'most.key'),
      NODE_OPTIONS: `--import=${pathToFileURL(clock).href}`,
      TEST_CLOCK_SHIFT: '5',
      DATABASE_POOL_SIZE: '2',
    };
    return started(
      port,
      environment,
      `TEST_CLOCK_SHIFT=${-5.5 * days} npm run -s certs -- ${keys} --topology ${topology}`,
    );
  }

  beforeAll(async () => {
    const port = await freePorts(6);
    const targets = [port, port + 1, 9].map((each) => `"127.0.0.1:${each}"`).join(', ');
    prometheus = await startPrometheus('prometheus.yml', [['[program:3000]', `[${targets}]`]]);
    closers.push(() => prometheus.stop());
    whole = await started(port, {});
    if (noBroker === undefined) apart = await startedApart(port + 1);
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it.each(pages)('%s', async (name) => {
    const scene = ofProcesses.includes(name) ? apart : whole;
    const end = scene && (await provoked[name]!(scene));
    try {
      if (end) await expect.poll(() => prometheus.query(conditionOf(name)).then(({ length }) => length)).not.toBe(0);
      const blocks = blocksOf(`docs/runbooks/${name}.md`);
      expect(blocks.length).toBeGreaterThan(0);
      for (const { commands } of blocks) {
        const typed = async () => {
          const { failed, output } = await (scene ?? whole).reader.type(commands);
          expect(failed, output).toBe(0);
          return output;
        };
        // A rate has a value once its series was scraped twice: somebody on call would look again.
        if (end) await expect.poll(typed, { interval: 1_000 }).not.toBe('');
        else await typed();
      }
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
