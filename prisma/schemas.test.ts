/** Schemas and migrations: what is written twice is compared. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate } from '../src/host/postgres/migrate.ts';
import { platformTables } from '../src/runtime/tables/platform-tables.ts';
import { connect, freshDatabaseUrl } from '../tests/support/postgres.ts';
import { schemaEngine } from '../tests/support/schema-engine.ts';

const modules = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'schema.prisma')),
);
const read = (...path: string[]) => readFileSync(join(import.meta.dirname, ...path), 'utf8');

async function onFreshDatabase<T>(
  work: (connection: { connectionString: string }, name: string) => Promise<T>,
): Promise<T> {
  const { url, drop } = await freshDatabaseUrl();
  try {
    return await work({ connectionString: url }, new URL(url).pathname.slice(1));
  } finally {
    await drop();
  }
}

async function migrated(database: string, module: string): Promise<readonly string[]> {
  const client = await connect(database);
  const applied = await migrate(client, module);
  await client.end();
  return applied;
}

it('finds the modules', () => {
  expect(readdirSync(join(import.meta.dirname, '../modules'))).toEqual(expect.arrayContaining(modules));
  expect(modules).not.toEqual([]);
});

async function tablesIn(database: string, schema: string): Promise<readonly string[]> {
  const client = await connect(database);
  const { rows } = await client.query<{ tablename: string }>('SELECT tablename FROM pg_tables WHERE schemaname = $1', [
    schema,
  ]);
  await client.end();
  return rows.map(({ tablename }) => tablename);
}

it("knows the platform's tables by their names", () =>
  onFreshDatabase(async (_, database) => {
    await migrated(database, 'shop');
    expect((await tablesIn(database, 'shop')).toSorted()).toEqual(platformTables.toSorted());
  }));

it('has no module make a Prisma client but by Database.prisma', () => {
  const folder = join(import.meta.dirname, '../modules');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.includes('/generated/'),
  );
  expect(sources.length).toBeGreaterThan(4);
  expect(sources.filter((name) => readFileSync(join(folder, name), 'utf8').includes('new PrismaClient'))).toEqual([]);
});

describe.each(modules)('the schema of %s', (module) => {
  it('keeps to its own PostgreSQL schema', () => {
    const files = readdirSync(join(import.meta.dirname, module), { recursive: true, encoding: 'utf8' });
    const sources = files
      .filter((name) => name.endsWith('.prisma') || name.endsWith('.sql'))
      .map((name) => read(module, name));
    expect(sources.length).toBeGreaterThanOrEqual(2);
    for (const other of modules.filter((name) => name !== module)) {
      for (const source of sources) expect(source).not.toMatch(new RegExp(`"${other}"\\.|@@schema\\("${other}"\\)`));
    }
  });

  it("is what the migrations make, beside the platform's tables, which are none of Prisma's business", () =>
    onFreshDatabase(async (connection, database) => {
      await migrated(database, module);
      expect(await tablesIn(database, module)).toEqual(expect.arrayContaining([...platformTables]));
      expect(await (await schemaEngine(module, connection)).difference()).toBe('');
    }));

  it('is told from a database where a table or an index is missing', () =>
    onFreshDatabase(async (connection, database) => {
      await migrated(database, module);
      const client = await connect(database);
      const ofItsOwn = `WHERE schemaname = '${module}' AND tablename NOT IN (${[...platformTables, '_prisma_migrations'].map((name) => `'${name}'`)})`;
      const tables = await client.query<{ name: string }>(
        `SELECT tablename AS name FROM pg_tables ${ofItsOwn} ORDER BY 1 LIMIT 1`,
      );
      const indexes = await client.query<{ name: string }>(
        `SELECT indexname AS name FROM pg_indexes ${ofItsOwn} AND indexdef NOT LIKE 'CREATE UNIQUE%' AND tablename <> '${tables.rows[0]!.name}'`,
      );
      for (const { name } of indexes.rows) await client.query(`DROP INDEX "${module}"."${name}"`);
      for (const { name } of tables.rows) await client.query(`DROP TABLE "${module}"."${name}" CASCADE`);
      await client.end();
      const difference = await (await schemaEngine(module, connection)).difference();
      for (const { name } of indexes.rows) expect(difference).toContain(`CREATE INDEX "${name}"`);
      for (const { name } of tables.rows) expect(difference).toContain(`CREATE TABLE "${name}"`);
    }));

  it('is migrated by Prisma and by the program alike, and either goes on where the other stopped', async () => {
    const columns = `SELECT column_name, data_type, is_nullable, column_default, character_maximum_length
      FROM information_schema.columns WHERE table_name = '_prisma_migrations' AND table_schema = '${module}' ORDER BY column_name`;
    const rows = `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished
      FROM "${module}"."_prisma_migrations" ORDER BY migration_name`;
    const isOfThePlatform = (name: string) => name.startsWith('platform/');
    const recordIn = async (database: string) => {
      const client = await connect(database);
      const record = { columns: (await client.query(columns)).rows, rows: (await client.query(rows)).rows };
      await client.end();
      return record;
    };

    const ours = await onFreshDatabase(async (connection, database) => {
      const applied = await migrated(database, module);
      const prisma = await schemaEngine(module, connection);
      expect(await prisma.history()).toEqual({
        history: null,
        failedMigrationNames: [],
        editedMigrationNames: [],
        hasMigrationsTable: true,
      });
      expect(await prisma.deploy()).toEqual([]);
      return { ...(await recordIn(database)), applied: applied.filter((name) => !isOfThePlatform(name)) };
    });
    const theirs = await onFreshDatabase(async (connection, database) => {
      const prisma = await schemaEngine(module, connection);
      const applied = await prisma.deploy();
      await prisma.close();
      expect(await migrated(database, module)).toSatisfy((names: string[]) => names.every(isOfThePlatform));
      return { ...(await recordIn(database)), applied };
    });
    expect(ours.rows.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
