/** Schemas, migrations and what the platform needs in them: what is written twice is compared. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrate } from '../src/host/postgres/migrate.ts';
import { connect, freshDatabaseUrl } from '../tests/support/postgres.ts';
import { schemaEngine } from '../tests/support/schema-engine.ts';

const modules = readdirSync(import.meta.dirname).filter((name) => existsSync(join(import.meta.dirname, name, 'schema.prisma')));
const read = (...path: string[]) => readFileSync(join(import.meta.dirname, ...path), 'utf8');

async function onFreshDatabase<T>(work: (connection: { connectionString: string }, name: string) => Promise<T>): Promise<T> {
  const { url, drop } = await freshDatabaseUrl();
  try {
    return await work({ connectionString: url }, new URL(url).pathname.slice(1));
  } finally {
    await drop();
  }
}

async function migrated(database: string, module: string, ...changes: string[]): Promise<readonly string[]> {
  const client = await connect(database);
  const applied = await migrate(client, module);
  for (const change of changes) await client.query(change);
  await client.end();
  return applied;
}

it('finds the modules', () => {
  expect(modules).toEqual(readdirSync(join(import.meta.dirname, '../modules')));
  expect(modules).not.toEqual([]);
});

describe.each(modules)('the schema of %s', (module) => {
  it("has the platform's tables as prisma/platform describes them", () => {
    expect(read(module, 'platform.prisma')).toBe(read('platform/platform.prisma').replaceAll('MODULE', module));
    const [first] = readdirSync(join(import.meta.dirname, module, 'migrations')).sort();
    expect(first).toMatch(/^\d{14}_platform$/);
    const migration = read(module, 'migrations', first!, 'migration.sql');
    expect(migration).toBe(read('platform/migration.sql').replaceAll('MODULE', module));
  });

  it('keeps to its own PostgreSQL schema', () => {
    const files = readdirSync(join(import.meta.dirname, module), { recursive: true, encoding: 'utf8' });
    const sources = files.filter((name) => name.endsWith('.prisma') || name.endsWith('.sql')).map((name) => read(module, name));
    expect(sources.length).toBeGreaterThanOrEqual(3);
    for (const other of modules.filter((name) => name !== module)) {
      for (const source of sources) expect(source).not.toMatch(new RegExp(`"${other}"\\.|@@schema\\("${other}"\\)`));
    }
  });

  it('is what the migrations make', () =>
    onFreshDatabase(async (connection, database) => {
      await migrated(database, module);
      expect(await (await schemaEngine(module, connection)).difference()).toBe('');
    }));

  it.each([
    ['a column', `ALTER TABLE "${module}"."sagas" DROP COLUMN "reason"`, 'ADD COLUMN     "reason" JSONB'],
    ['a partial index', `DROP INDEX "${module}"."inbox_received_at_idx"`, 'CREATE INDEX "inbox_received_at_idx"'],
  ])('is told from a database where %s is missing', (_what, change, difference) =>
    onFreshDatabase(async (connection, database) => {
      await migrated(database, module, change);
      expect(await (await schemaEngine(module, connection)).difference()).toContain(difference);
    }),
  );

  it('is migrated by Prisma and by the program alike, and either goes on where the other stopped', async () => {
    const columns = `SELECT column_name, data_type, is_nullable, column_default, character_maximum_length
      FROM information_schema.columns WHERE table_name = '_prisma_migrations' AND table_schema = '${module}' ORDER BY column_name`;
    const rows = `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished
      FROM "${module}"."_prisma_migrations" ORDER BY migration_name`;
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
      return { ...(await recordIn(database)), applied };
    });
    const theirs = await onFreshDatabase(async (connection, database) => {
      const applied = await (await schemaEngine(module, connection)).deploy();
      expect(await migrated(database, module)).toEqual([]);
      return { ...(await recordIn(database)), applied };
    });
    expect(ours.rows.length).toBeGreaterThan(0);
    expect(ours).toEqual(theirs);
  });
});
