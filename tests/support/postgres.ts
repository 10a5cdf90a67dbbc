/** Databases for tests, on the one server of the test run (postgres-server.ts). */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../src/host/postgres/migrate.ts';
import { type Migrations, migrationsOf } from '../../src/host/postgres/migrations.ts';
import {
  type ConnectionSettings,
  PostgresDatabase,
  type PostgresDatabaseOptions,
} from '../../src/runtime/database/postgres-database.ts';
import type { PersonalTraces } from '../../src/platform/personal-traces.ts';
import { personalTraces } from '../../src/runtime/tables/personal-traces.ts';

export interface TestDatabase {
  readonly database: PostgresDatabase;
  /** How `database` enters it. */
  readonly connection: ConnectionSettings & { host: string; port: number };
  readonly traces: PersonalTraces;
  /** As superuser, outside of any transaction of `database`. */
  sql(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>;
  drop(): Promise<void>;
}

type Options = Partial<Omit<PostgresDatabaseOptions, 'schema' | 'connection'>>;

export const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };

/** A database of the library that the platform's own tests work for: the platform's tables, loans and notes. */
export const libraryDatabase = (schema = 'library', options: Options = {}): Promise<TestDatabase> =>
  openDatabase(
    schema,
    { platform: migrationsOf(schema).platform, own: [{ name: 'library', sql: libraryTables(schema) }] },
    options,
  );

/** A fresh database with the module's migrations applied, entered as the module's own role. */
export const testDatabase = (module: string, options: Options = {}): Promise<TestDatabase> =>
  openDatabase(module, migrationsOf(module), options);

const libraryTables = (schema: string) =>
  `SET LOCAL search_path TO ${schema};\n${readFileSync(new URL('library/tables.sql', import.meta.url), 'utf8')}`;

async function openDatabase(module: string, migrations: Migrations, options: Options): Promise<TestDatabase> {
  const { url, prefix } = inject('testServer');
  const name = `${prefix}${module}_${randomBytes(4).toString('hex')}`;
  await asSuperuser('postgres', async (admin) => {
    // Two test files at once: one of them builds the template. A template that is being copied admits nobody.
    await admin.query('SELECT pg_advisory_lock(hashtext($1))', [prefix + module]);
    await buildTemplate(admin, module, migrations);
    await admin.query(`CREATE DATABASE "${name}" TEMPLATE "${prefix}${module}"`);
  });
  const { hostname, port } = new URL(url);
  const role = roleOf(module);
  const connection = { host: hostname, port: Number(port), user: role, password: role, database: name };
  const database = new PostgresDatabase({ schema: module, connection, poolSize: 4, logger: silentLogger, ...options });
  let superuser: Promise<pg.Client> | undefined;
  return {
    database,
    connection,
    traces: personalTraces(database),
    async sql(text, values = []) {
      superuser ??= connect(name);
      return (await superuser).query(text, [...values]);
    },
    async drop() {
      await database.close();
      await (await superuser)?.end();
      await asSuperuser('postgres', (admin) => admin.query(`DROP DATABASE "${name}" WITH (FORCE)`));
    },
  };
}

/** An empty database for a whole program: what to set DATABASE_URL to. */
export async function freshDatabaseUrl(): Promise<{ url: string; drop(): Promise<void> }> {
  const { url, prefix } = inject('testServer');
  const name = `${prefix}program_${randomBytes(4).toString('hex')}`;
  await asSuperuser('postgres', (admin) => admin.query(`CREATE DATABASE "${name}"`));
  return {
    url: `${url}/${name}`,
    drop: () =>
      asSuperuser('postgres', async (admin) => void (await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`))),
  };
}

/** A connection as superuser to a database of the test server. */
export async function connect(database: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: `${inject('testServer').url}/${database}` });
  // The server of a test may be stopped under it; what is asked of it then fails by itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function asSuperuser<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(database);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const roleOf = (module: string) => `${inject('testServer').prefix}${module}`;

async function buildTemplate(admin: pg.Client, module: string, migrations: Migrations): Promise<void> {
  const role = roleOf(module);
  const template = role;
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [template]);
  if (rowCount) return;
  await admin.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${role}'`);
  await admin.query(`CREATE DATABASE "${template}"`);
  await asSuperuser(template, async (client) => {
    await client.query(`CREATE SCHEMA "${module}" AUTHORIZATION "${role}"; SET ROLE "${role}"`);
    await migrate(client, module, migrations);
  });
  await admin.query(`ALTER DATABASE "${template}" IS_TEMPLATE true`);
}
