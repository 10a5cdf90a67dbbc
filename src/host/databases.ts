/**
 * Opens the databases of the modules: on the server they are given, on one of their own, or on an embedded one.
 * Each is prepared (role, schema, migrations) before it is used.
 */
import { join } from 'node:path';
import type pg from 'pg';
import { PostgresDatabase, type ConnectionSettings } from '#platform/database/postgres-database.ts';
import type { RootLogger } from '#platform/observability/create-logger.ts';
import { ownDatabaseUrl, ownDatabaseVariable, type Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { Opened } from './opened.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { openExistingPostgres } from './postgres/existing.ts';
import { migrate } from './postgres/migrate.ts';
import { noteMigrations } from './postgres/noted-migrations.ts';
import { checkOwnDatabase, provision } from './postgres/provision.ts';
import { reach } from './postgres/reach.ts';
import { StartupError } from './startup-error.ts';

/** A module's session that shows that it lives, and the one that migrates it. */
const connectionsBesidePool = 2;

export interface OpenDatabase {
  readonly database: PostgresDatabase;
  readonly connection: ConnectionSettings;
  /** The migrations that were applied just now. */
  readonly migrations: readonly string[];
  /** Resolves when the database answers. */
  readonly ping: () => Promise<unknown>;
}

export interface Databases {
  readonly modules: ReadonlyMap<string, OpenDatabase>;
  /** Where the data lies, for a person. */
  readonly location: string;
  /** Resolves when the embedded server ended by itself. */
  readonly failed: Promise<Error>;
}

interface Options {
  readonly configuration: Configuration;
  readonly environment: Environment;
  /** Names of the modules of this process. */
  readonly modules: readonly string[];
  /** Names of all there are: a module's role may reach none of the others. */
  readonly allModules: readonly string[];
  readonly logger: RootLogger;
  readonly announce: (line: string) => void;
  /** Resolves when the settings were found to be good: nothing is created or migrated before. */
  readonly judged?: Promise<unknown>;
  /** An embedded server must have data, and a program may be running on it meanwhile. */
  readonly onlyExisting?: boolean;
}

/** What it opens is added to `opened` one by one, so that a failure halfway leaves nothing open. */
export async function openDatabases(options: Options, opened: Opened): Promise<Databases> {
  const { configuration, environment, modules, logger } = options;
  const own = new Map<string, string>();
  for (const module of modules) {
    const url = ownDatabaseUrl(module, environment);
    if (url !== undefined) own.set(module, url);
  }
  const shared = modules.filter((module) => !own.has(module));
  const server = shared.length > 0 ? await openServer(options, opened) : undefined;
  await options.judged;
  const connections = new Map(server ? await provisioned(server, shared) : []);
  for (const [module, url] of own) connections.set(module, { connectionString: url });

  const databases = await Promise.all(
    [...connections].map(async ([module, connection]) => {
      const prepared = await prepare(module, connection, own.has(module), options);
      const database = new PostgresDatabase({
        schema: module,
        connection,
        poolSize: configuration.poolSize,
        acquireTimeout: configuration.poolTimeout,
        logger: logger.child(module),
      });
      opened.add(`the database of ${module}`, () => database.close());
      return [module, { database, connection, ping: () => database.query('SELECT 1'), ...prepared }] as const;
    }),
  );
  server?.noteMigrations?.(shared);
  return {
    modules: new Map(databases),
    location: server?.location ?? 'on the servers of the modules',
    failed: server?.failed ?? new Promise(() => {}),
  };
}

/** For what works on the embedded database only. Answers the variables of the modules whose data lies elsewhere. */
export function checkEmbedded({ databaseUrl }: Configuration, environment: Environment, modules: readonly string[]): readonly string[] {
  const own = modules.filter((module) => ownDatabaseUrl(module, environment) !== undefined).map(ownDatabaseVariable);
  if (databaseUrl === undefined && own.length < modules.length) return own;
  const variables = [...(databaseUrl === undefined ? [] : ['DATABASE_URL']), ...own].join(', ');
  throw new StartupError(`The data lies on the server that the settings name (${variables}): back it up and restore it there, such as with pg_dump and pg_restore.`);
}

interface Server {
  /** Connected as the administrator. */
  readonly admin: pg.Client;
  readonly location: string;
  readonly failed: Promise<Error>;
  /** Of an embedded one. */
  readonly noteMigrations?: (modules: readonly string[]) => void;
}

async function openServer({ configuration, modules, announce, judged, onlyExisting }: Options, opened: Opened): Promise<Server> {
  const { databaseUrl, dataDir, poolSize } = configuration;
  if (databaseUrl !== undefined) {
    const { host, pathname } = new URL(databaseUrl);
    return {
      admin: await reach({ connectionString: databaseUrl }, 'DATABASE_URL'),
      location: `PostgreSQL at ${host}${pathname}`,
      failed: new Promise(() => {}),
    };
  }
  const connections = modules.length * (poolSize + connectionsBesidePool);
  if (onlyExisting) {
    const admin = await openExistingPostgres({ dataDir, connections, announce }, opened);
    const note = (migrated: readonly string[]) => noteMigrations(join(dataDir, 'postgres'), migrated);
    return { admin, location: dataDir, failed: new Promise(() => {}), noteMigrations: note };
  }
  const { admin, folder, failed, stop, noteMigrations: note } = await startEmbeddedPostgres({ dataDir, connections, announce, judged });
  opened.add('the embedded PostgreSQL', stop);
  return { admin, location: folder, failed, noteMigrations: note };
}

async function provisioned({ admin }: Server, modules: readonly string[]): Promise<ReadonlyMap<string, ConnectionSettings>> {
  try {
    return await provision(admin, modules);
  } finally {
    await admin.end();
  }
}

async function prepare(module: string, connection: ConnectionSettings, own: boolean, options: Options) {
  const { configuration, allModules } = options;
  const variable = own ? ownDatabaseVariable(module) : 'DATABASE_URL';
  const client = await reach(connection, variable);
  try {
    if (own) {
      const otherModules = allModules.filter((name) => name !== module);
      await checkOwnDatabase(client, module, { variable, otherModules, production: configuration.production });
    }
    return { migrations: await migrate(client, module) };
  } finally {
    await client.end();
  }
}
