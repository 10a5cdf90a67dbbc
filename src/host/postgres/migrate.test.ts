import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, freshDatabaseUrl } from '../../../tests/support/postgres.ts';
import { migrate, migrationsOf } from './migrate.ts';

let fresh: Awaited<ReturnType<typeof freshDatabaseUrl>>;
let client: pg.Client;
const connectToFresh = () => connect(new URL(fresh.url).pathname.slice(1));

beforeEach(async () => {
  fresh = await freshDatabaseUrl();
  client = await connectToFresh();
});
afterEach(async () => {
  await client.end();
  await fresh.drop();
});

const one = { name: '20300101000000_one', sql: 'CREATE TABLE shop.one ();' };
const two = { name: '20300102000000_two', sql: 'CREATE TABLE shop.two (); CREATE TABLE shop.three ();' };
const tables = async () =>
  (await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1")).rows.map(({ tablename }) => tablename as string);
const recorded = async () => (await client.query('SELECT * FROM shop._prisma_migrations ORDER BY migration_name')).rows;
const apply = (...migrations: { name: string; sql: string }[]) => migrate(client, 'shop', migrations);

describe('migrating', () => {
  it('applies what is pending, in the order of the names, and says what', async () => {
    expect(await apply(one)).toEqual([one.name]);
    expect(await apply(one, two)).toEqual([two.name]);
    expect(await apply(one, two)).toEqual([]);
    expect(await tables()).toEqual(['_prisma_migrations', 'one', 'three', 'two']);
  });

  it('records when each began and ended, and what it was', async () => {
    await apply(one);
    const [row] = await recorded();
    expect(row).toMatchObject({ migration_name: one.name, applied_steps_count: 1, logs: null, rolled_back_at: null });
    expect(row.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(row.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(row.finished_at.getTime()).toBeGreaterThanOrEqual(row.started_at.getTime());
  });

  it('costs one statement when nothing is pending', async () => {
    await apply(one);
    let statements = 0;
    const query = client.query.bind(client) as (...given: unknown[]) => never;
    client.query = ((...given: unknown[]) => (statements++, query(...given))) as never;
    await apply(one);
    expect(statements).toBe(1);
  });

  it('undoes a migration that fails, as if it had never begun', async () => {
    const broken = { name: two.name, sql: 'CREATE TABLE shop.two (); SELECT 1 / 0;' };
    await expect(apply(one, broken)).rejects.toMatchObject({
      name: 'StartupError',
      message: `The migration ${two.name} of shop failed: division by zero.`,
    });
    expect(await tables()).toEqual(['_prisma_migrations', 'one']);
    expect(await recorded()).toHaveLength(1);
    expect(await apply(one, two)).toEqual([two.name]);
  });

  it('can do what PostgreSQL does outside of transactions only', async () => {
    const index = { name: two.name, sql: 'CREATE INDEX CONCURRENTLY things_idx ON shop.things (id);' };
    await apply({ name: one.name, sql: 'CREATE TABLE shop.things (id int);' }, index);
    expect(await recorded()).toMatchObject([{ applied_steps_count: 1 }, { applied_steps_count: 1, finished_at: expect.any(Date) }]);
  });

  it('refuses to go on after one of those failed halfway, until it was resolved', async () => {
    const index = { name: two.name, sql: 'CREATE UNIQUE INDEX CONCURRENTLY things_idx ON shop.things (id);' };
    const things = { name: one.name, sql: 'CREATE TABLE shop.things (id int); INSERT INTO shop.things VALUES (1), (1);' };
    await expect(apply(things, index)).rejects.toThrow(/^The migration 20300102000000_two of shop failed: could not create unique index/);
    expect((await recorded())[1]).toMatchObject({ finished_at: null, applied_steps_count: 0, logs: expect.stringContaining('could not create') });
    await expect(apply(things, index)).rejects.toThrow(/failed halfway and left its traces.*prisma migrate resolve --rolled-back 20300102000000_two$/);

    await client.query('UPDATE shop._prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL');
    await client.query('DROP INDEX shop.things_idx; TRUNCATE shop.things');
    expect(await apply(things, index)).toEqual([two.name]);
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    await apply(one);
    await expect(apply({ ...one, sql: 'CREATE TABLE shop.other ();' })).rejects.toMatchObject({
      name: 'StartupError',
      message: expect.stringMatching(/^The migration 20300101000000_one of shop was changed after it had been applied\. [^\n]*$/),
    });
  });

  it('takes a file for the same whose line ends were changed', async () => {
    await apply({ ...one, sql: 'CREATE TABLE shop.one\n();\n' });
    expect(await apply({ ...one, sql: 'CREATE TABLE shop.one\r\n();\r\n' })).toEqual([]);
  });

  it('refuses a database that a newer version wrote', async () => {
    await apply(one, two);
    await expect(apply(one)).rejects.toMatchObject({
      name: 'StartupError',
      message: expect.stringMatching(/this program does not know, 20300102000000_two: a newer version wrote it/),
    });
  });

  it('is done once when several programs start at the same time', async () => {
    const slow = { name: two.name, sql: 'SELECT pg_sleep(0.2); CREATE TABLE shop.two ();' };
    const clients = await Promise.all([connectToFresh(), connectToFresh(), connectToFresh()]);
    const results = await Promise.all(clients.map((each) => migrate(each, 'shop', [one, slow])));
    expect(results.map((applied) => applied.length).sort()).toEqual([0, 0, 2]);
    expect(await recorded()).toHaveLength(2);
    await Promise.all(clients.map((each) => each.end()));
  });

  it('leaves nothing of a migration whose program died in the middle', async () => {
    const dying = await connectToFresh();
    const slow = { name: two.name, sql: 'CREATE TABLE shop.two (); SELECT pg_sleep(10);' };
    const outcome = migrate(dying, 'shop', [one, slow]).catch((error: unknown) => error);
    const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%shop.two%pg_sleep(10)%' AND pid <> pg_backend_pid()";
    while ((await client.query(kill)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await outcome).toBeInstanceOf(Error);
    expect(await tables()).toEqual(['_prisma_migrations', 'one']);
    expect(await apply(one, two)).toEqual([two.name]);
  });

  it('finds the migrations of a module in its folder', () => {
    const [platform, ...others] = migrationsOf('orders');
    expect(platform).toMatchObject({ name: '20261122000000_platform', sql: expect.stringContaining('CREATE TABLE "orders"."outbox"') });
    expect(others.map(({ name }) => name)).toEqual(others.map(({ name }) => name).toSorted());
  });
});
