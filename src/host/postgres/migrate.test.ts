import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, freshDatabaseUrl } from '../../../tests/support/postgres.ts';
import { migrate } from './migrate.ts';
import { migrationsOf } from './migrations.ts';

const root = join(import.meta.dirname, '../../..');
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
const ledgers = ['_platform_migrations', '_prisma_migrations'];
const tables = async () =>
  (await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'shop' ORDER BY 1")).rows.map(
    ({ tablename }) => tablename as string,
  );
const recorded = async () => (await client.query('SELECT * FROM shop._prisma_migrations ORDER BY migration_name')).rows;
const apply = (...migrations: { name: string; sql: string }[]) =>
  migrate(client, 'shop', { platform: [], own: migrations });

describe('migrating', () => {
  it('applies what is pending, in the order of the names, and says what', async () => {
    expect(await apply(one)).toEqual([one.name]);
    expect(await apply(one, two)).toEqual([two.name]);
    expect(await apply(one, two)).toEqual([]);
    expect(await tables()).toEqual([...ledgers, 'one', 'three', 'two']);
  });

  it('records when each began and ended, and what it was', async () => {
    await apply(one);
    const [row] = await recorded();
    expect(row).toMatchObject({ migration_name: one.name, applied_steps_count: 1, logs: null, rolled_back_at: null });
    expect(row.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(row.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(row.finished_at.getTime()).toBeGreaterThanOrEqual(row.started_at.getTime());
  });

  it('costs two statements when nothing is pending', async () => {
    await apply(one);
    let statements = 0;
    const query = client.query.bind(client) as (...given: unknown[]) => never;
    client.query = ((...given: unknown[]) => (statements++, query(...given))) as never;
    await apply(one);
    expect(statements).toBe(2);
  });

  it('undoes a migration that fails, as if it had never begun', async () => {
    const broken = { name: two.name, sql: 'CREATE TABLE shop.two (); SELECT 1 / 0;' };
    await expect(apply(one, broken)).rejects.toMatchObject({
      name: 'StartupError',
      message: `The migration ${two.name} of shop failed: division by zero.`,
    });
    expect(await tables()).toEqual([...ledgers, 'one']);
    expect(await recorded()).toHaveLength(1);
    expect(await apply(one, two)).toEqual([two.name]);
  });

  it('can do what PostgreSQL does outside of transactions only', async () => {
    const index = { name: two.name, sql: 'CREATE INDEX CONCURRENTLY things_idx ON shop.things (id);' };
    await apply({ name: one.name, sql: 'CREATE TABLE shop.things (id int);' }, index);
    expect(await recorded()).toMatchObject([
      { applied_steps_count: 1 },
      { applied_steps_count: 1, finished_at: expect.any(Date) },
    ]);
  });

  it('refuses to go on after one of those failed halfway, until it was resolved', async () => {
    const index = { name: two.name, sql: 'CREATE UNIQUE INDEX CONCURRENTLY things_idx ON shop.things (id);' };
    const things = {
      name: one.name,
      sql: 'CREATE TABLE shop.things (id int); INSERT INTO shop.things VALUES (1), (1);',
    };
    await expect(apply(things, index)).rejects.toThrow(
      /^The migration 20300102000000_two of shop failed: could not create unique index/,
    );
    expect((await recorded())[1]).toMatchObject({
      finished_at: null,
      applied_steps_count: 0,
      logs: expect.stringContaining('could not create'),
    });
    await expect(apply(things, index)).rejects.toThrow(
      /failed halfway. Repair what it left behind.*prisma migrate resolve --rolled-back 20300102000000_two$/,
    );

    await client.query('UPDATE shop._prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL');
    await client.query('DROP INDEX shop.things_idx; TRUNCATE shop.things');
    expect(await apply(things, index)).toEqual([two.name]);
  });

  it('refuses a migration that was changed after it had been applied', async () => {
    await apply(one);
    await expect(apply({ ...one, sql: 'CREATE TABLE shop.other ();' })).rejects.toMatchObject({
      name: 'StartupError',
      message: expect.stringMatching(
        /^The migration 20300101000000_one of shop was changed after it had been applied\. [^\n]*$/,
      ),
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
    const results = await Promise.all(clients.map((each) => migrate(each, 'shop', { platform: [], own: [one, slow] })));
    expect(results.map((applied) => applied.length).sort()).toEqual([0, 0, 2]);
    expect(await recorded()).toHaveLength(2);
    await Promise.all(clients.map((each) => each.end()));
  });

  it('leaves nothing of a migration whose program died in the middle', async () => {
    const dying = await connectToFresh();
    const slow = { name: two.name, sql: 'CREATE TABLE shop.two (); SELECT pg_sleep(10);' };
    const outcome = migrate(dying, 'shop', { platform: [], own: [one, slow] }).catch((error: unknown) => error);
    const kill =
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%shop.two%pg_sleep(10)%' AND pid <> pg_backend_pid()";
    while ((await client.query(kill)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await outcome).toBeInstanceOf(Error);
    expect(await tables()).toEqual([...ledgers, 'one']);
    expect(await apply(one, two)).toEqual([two.name]);
  });

  it('finds the migrations of a module in its folder, and those of the platform for every module', () => {
    const module = readdirSync(join(root, 'prisma'), { withFileTypes: true }).find((entry) => entry.isDirectory());
    const [some, none] = [migrationsOf(module!.name), migrationsOf('no-module')];
    expect(some.own.map(({ name }) => name)).toEqual(
      readdirSync(join(root, 'prisma', module!.name, 'migrations'))
        .filter((name) => /^\d/.test(name))
        .sort(),
    );
    expect(some.platform[0]).toMatchObject({
      name: 'platform/0001_first_tables',
      sql: expect.stringContaining('CREATE TABLE "outbox"'),
    });
    expect(none).toEqual({ platform: some.platform, own: [] });
  });
});

describe("migrating the platform's tables", () => {
  const first = { name: 'platform/0001_first', sql: 'CREATE TABLE jobs (id int); INSERT INTO jobs VALUES (1);' };
  const second = {
    name: 'platform/0002_second',
    sql: "ALTER TABLE jobs ADD COLUMN lane text NOT NULL DEFAULT 'slow';",
  };
  const index = { name: 'platform/0003_third', sql: 'CREATE UNIQUE INDEX CONCURRENTLY jobs_id_idx ON jobs (id);' };
  const applyTo = (
    module: string,
    platform: { name: string; sql: string }[],
    own: { name: string; sql: string }[] = [],
  ) => migrate(client, module, { platform, own });
  const jobsIn = async (module: string) => (await client.query(`SELECT * FROM ${module}.jobs`)).rows;
  const former = '20261122000000_platform';

  /** Release 0.1 recorded the platform's tables as the module's first migration. */
  async function asRelease01LeftIt(...own: { name: string; sql: string }[]): Promise<void> {
    await applyTo('shop', [first], own);
    await client.query(
      'CREATE TABLE IF NOT EXISTS shop._prisma_migrations (LIKE shop._platform_migrations INCLUDING ALL)',
    );
    await client.query(`INSERT INTO shop._prisma_migrations SELECT * FROM shop._platform_migrations; UPDATE shop._prisma_migrations
      SET migration_name = '${former}', checksum = 'of other text' WHERE migration_name = '${first.name}'; DROP TABLE shop._platform_migrations`);
  }

  it("makes them in each module's schema, before the module's own, and records them apart", async () => {
    const own = { name: one.name, sql: 'CREATE TABLE shop.one AS SELECT lane FROM shop.jobs;' };
    expect(
      await applyTo(
        'shop',
        [second, first].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        [own],
      ),
    ).toEqual([first.name, second.name, one.name]);
    expect(await applyTo('stall', [first])).toEqual([first.name]);
    expect(await jobsIn('shop')).toEqual([{ id: 1, lane: 'slow' }]);
    expect(await jobsIn('stall')).toEqual([{ id: 1 }]);
    expect((await recorded()).map((row) => row.migration_name as string)).toEqual([one.name]);
    expect((await client.query('SHOW search_path')).rows).toEqual([{ search_path: '"$user", public' }]);
  });

  it('goes on from the tables that release 0.1 made, whose record moves to where Prisma does not look', async () => {
    await asRelease01LeftIt(one);
    const [before] = (
      await client.query('SELECT started_at, finished_at FROM shop._prisma_migrations WHERE migration_name = $1', [
        former,
      ])
    ).rows;
    expect(await applyTo('shop', [first], [one])).toEqual([]);
    expect(await applyTo('shop', [first, second], [one, two])).toEqual([second.name, two.name]);
    expect(await applyTo('shop', [first, second], [one, two])).toEqual([]);
    expect(await jobsIn('shop')).toEqual([{ id: 1, lane: 'slow' }]);
    expect((await recorded()).map((row) => row.migration_name as string)).toEqual([one.name, two.name]);
    const moved = await client.query(
      "SELECT * FROM shop._platform_migrations WHERE migration_name = 'platform/0001_first'",
    );
    expect(moved.rows).toEqual([expect.objectContaining({ ...before, applied_steps_count: 1 })]);
  });

  it('is done once when several programs start on tables of release 0.1', async () => {
    await asRelease01LeftIt();
    const slow = { name: second.name, sql: `SELECT pg_sleep(0.2); ${second.sql}` };
    const clients = await Promise.all([connectToFresh(), connectToFresh(), connectToFresh()]);
    const results = await Promise.all(
      clients.map((each) => migrate(each, 'shop', { platform: [first, slow], own: [] })),
    );
    expect(results.flat()).toEqual([second.name]);
    await Promise.all(clients.map((each) => each.end()));
  });

  it("takes a migration of a module's own for the module's, though it is called platform", async () => {
    const own = { name: '20300103000000_platform', sql: 'CREATE TABLE shop.platform ();' };
    expect(await applyTo('shop', [first], [own])).toEqual([first.name, own.name]);
    expect(await applyTo('shop', [first], [own])).toEqual([]);
    expect((await recorded()).map((row) => row.migration_name as string)).toEqual([own.name]);
  });

  it('is refused where a newer version did it', async () => {
    await applyTo('shop', [first, second], [one]);
    await expect(applyTo('shop', [first], [one, two])).rejects.toMatchObject({
      name: 'StartupError',
      message:
        'The database of shop has a migration that this program does not know, platform/0002_second: a newer version wrote it. Start that version.',
    });
    expect(await tables()).not.toContain('two');
  });

  it('is refused where one was changed, or failed halfway outside of a transaction, with what to do about it', async () => {
    await applyTo('shop', [first]);
    await expect(applyTo('shop', [{ ...first, sql: 'SELECT 1' }])).rejects.toThrow(
      /Restore src\/runtime\/tables\/migrations\/0001_first and add a new/,
    );
    await client.query('INSERT INTO shop.jobs VALUES (1)');
    await expect(applyTo('shop', [first, index])).rejects.toThrow(
      /^The migration platform\/0003_third of shop failed: could not create unique index/,
    );
    const halfway = await applyTo('shop', [first, index]).catch((error: Error) => error.message);
    expect(halfway).toContain('failed halfway. Repair what it left behind');
    await client.query('DROP INDEX shop.jobs_id_idx; DELETE FROM shop.jobs');
    await client.query(/then run: (.*)$/.exec(halfway as string)![1]!);
    expect(await applyTo('shop', [first, index])).toEqual([index.name]);
  });
});
