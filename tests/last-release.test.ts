/** A program of today on the data of the last release, with one more migration of the platform, which changes each of its tables. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as assetsModule from '#platform/assets.ts';
import { migrate } from '../src/host/postgres/migrate.ts';
import { migrationsOf } from '../src/host/postgres/migrations.ts';
import { platformTables } from '../src/runtime/tables/platform-tables.ts';
import { eventually, Visitor } from './acceptance/client.ts';
import { virtualHost, withoutBroker } from './support/broker.ts';
import { giveToBroker, lastRelease, type LastRelease, passwordOf } from './support/last-release.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { schemaEngine } from './support/schema-engine.ts';

/** The tables that the last release had. */
const tables = platformTables.filter((name) => !name.startsWith('_') && !['audit_log', 'mails'].includes(name));

vi.mock('#platform/assets.ts', async (original) => {
  const assets = await original<typeof assetsModule>();
  const [folder, file] = ['src/runtime/tables/migrations', '9999_notes/migration.sql'];
  const sql = ['outbox', 'inbox', 'sagas', 'schedules', 'idempotency_keys'].map(
    (table) => `ALTER TABLE ${table} ADD COLUMN note text NOT NULL DEFAULT 'new';`,
  );
  return {
    ...assets,
    listAssets: (name: string) => (name === folder ? [...assets.listAssets(name), file] : assets.listAssets(name)),
    readAsset: (name: string) => (name === `${folder}/${file}` ? sql.join('\n') : assets.readAsset(name)),
  };
});

let data: LastRelease;
beforeEach(async () => {
  data = await lastRelease();
});
afterEach(() => data.drop());

async function migrateAll(): Promise<Record<string, readonly string[]>> {
  const applied: Record<string, readonly string[]> = {};
  for (const module of data.modules) {
    const owner = await data.as(module);
    applied[module] = await migrate(owner, module);
    await owner.end();
  }
  return applied;
}

/** The rows of the platform's tables in every module, by table. */
async function platformRows(): Promise<Record<string, Record<string, unknown>[]>> {
  const found: Record<string, Record<string, unknown>[]> = {};
  for (const table of data.modules.flatMap((module) => tables.map((name) => `${module}.${name}`))) {
    found[table] = (await data.client.query(`SELECT * FROM ${table} AS row ORDER BY row::text`)).rows;
  }
  return found;
}

describe('data of the last release', () => {
  it("gets the platform's new migration in every module, and keeps every row of its tables", async () => {
    const before = await platformRows();
    for (const table of tables)
      expect(
        data.modules.flatMap((module) => before[`${module}.${table}`]!),
        table,
      ).not.toEqual([]);
    const applied = await migrateAll();
    for (const module of data.modules) {
      const [first, ...others] = migrationsOf(module).platform.map(({ name }) => name);
      expect(applied[module]).toEqual(expect.arrayContaining(others));
      expect(applied[module]).not.toContain(first);
    }
    expect(await platformRows()).toEqual(
      Object.fromEntries(
        Object.entries(before).map(([table, rows]) => [table, rows.map((row) => ({ ...row, note: 'new' }))]),
      ),
    );
  });

  it('is in order for Prisma too', async () => {
    await migrateAll();
    for (const module of data.modules) {
      const prisma = await schemaEngine(module, { connectionString: data.url });
      expect(await prisma.history()).toEqual({
        history: null,
        failedMigrationNames: [],
        editedMigrationNames: [],
        hasMigrationsTable: true,
      });
      expect(await prisma.deploy()).toEqual([]);
      expect(await prisma.difference()).toBe('');
      await prisma.close();
    }
  });

  it('is gone on with: events that were not published, a checkout that had begun, answers that were given', async () => {
    const answers = (
      await data.client.query<{ body: string }>(
        'SELECT body FROM orders.idempotency_keys WHERE body LIKE \'%"quantity":1%\'',
      )
    ).rows;
    const program = await startTestProgram({ databaseUrl: data.url });
    try {
      const [ada, grace] = [await visitor(program, 'Ada'), await visitor(program, 'Grace')];
      await eventually(
        () => grace.get('/v1/users/me'),
        ({ status }) => status === 200,
      );
      expect((await grace.get('/v1/users/me')).body).toMatchObject({ name: 'Grace', email: 'grace@example.com' });

      const orders = () =>
        ada
          .get('/v1/orders')
          .then(({ body }) => body.data.map(({ status }: { status: string }) => status).toSorted() as string[]);
      expect(await eventually(orders, (all) => !all.includes('pending'))).toEqual(['cancelled', 'paid', 'paid']);
      const refunds = () =>
        ada
          .get('/v1/payments')
          .then(({ body }) => body.data.map(({ refunded }: { refunded: number }) => refunded) as number[]);
      expect((await eventually(refunds, (all) => all.includes(2500))).toSorted()).toEqual([0, 0, 2500]);
      expect((await ada.get('/v1/products/mug')).body).toMatchObject({ sku: 'mug', stock: 6 });

      const order = (quantity: number, key: string) =>
        ada.post(
          '/v1/orders',
          { items: [{ sku: 'mug', quantity }], paymentToken: 'tok_visa' },
          { 'idempotency-key': key, prefer: 'wait=10' },
        );
      expect((await order(1, 'paid-order')).body).toEqual(JSON.parse(answers[0]!.body));
      expect((await order(1, 'new-order')).body).toMatchObject({ status: 'paid' });
      await eventually(unfinished, (rows) => rows.length === 0);
      const { rows } = await data.client.query(
        "SELECT sum(CASE side WHEN 'debit' THEN amount ELSE -amount END)::int AS balance FROM payments.ledger_entries",
      );
      expect(rows).toEqual([{ balance: 0 }]);
    } finally {
      await program.stop();
    }
  });
});

const missing = await withoutBroker();

describe.skipIf(missing)(`messages of the last release${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('that lie in the queues of RabbitMQ are read', async () => {
    const host = await virtualHost();
    await giveToBroker(data, host.url);
    const program = await startTestProgram({ databaseUrl: data.url, environment: { EVENTS_URL: host.url } });
    try {
      const [ada, grace] = [await visitor(program, 'Ada'), await visitor(program, 'Grace')];
      const profile = await eventually(
        () => grace.get('/v1/users/me'),
        ({ status }) => status === 200,
      );
      expect(profile.body).toMatchObject({ name: 'Grace', email: 'grace@example.com' });
      const refunds = () =>
        ada
          .get('/v1/payments')
          .then(({ body }) => body.data.map(({ refunded }: { refunded: number }) => refunded) as number[]);
      expect(await eventually(refunds, (all) => all.includes(2500))).toContain(2500);
      await eventually(unfinished, (rows) => rows.length === 0);
    } finally {
      await program.stop();
      await host.remove();
    }
  });
});

async function visitor({ url }: TestProgram, name: string): Promise<Visitor> {
  const it = new Visitor(url);
  const { body } = await it.post('/v1/auth/login', {
    email: `${name.toLowerCase()}@example.com`,
    password: passwordOf(name),
  });
  it.accessToken = body.accessToken;
  return it;
}

async function unfinished(): Promise<unknown[]> {
  const rows = await platformRows();
  return Object.entries(rows).flatMap(([table, all]) =>
    all.filter(
      ({ published_at: publishedAt, state }) =>
        (table.endsWith('.outbox') && publishedAt === null) ||
        state === 'waiting' ||
        state === 'dead' ||
        state === 'running',
    ),
  );
}
