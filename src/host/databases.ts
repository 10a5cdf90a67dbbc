/**
 * Opens the databases of the modules: on the server they are given, on one of their own, or on an embedded one.
 * Each is prepared (role, schema, migrations) before it is used.
 */
import { join } from 'node:path';
import type pg from 'pg';
import { PostgresDatabase, type ConnectionSettings } from '#runtime/database/postgres-database.ts';
import type { RootLogger } from '#runtime/observability/create-logger.ts';
import { type Configuration, moduleVariable, ownDatabaseUrl } from './configuration.ts';
import { ownPlaces, sharedPlaces, type Places } from './database-places.ts';
import type { Environment } from './environment.ts';
import type { Opened } from './opened.ts';
import { keepAuditLogFor } from './postgres/audit-retention.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { openExistingPostgres } from './postgres/existing.ts';
import { migrate } from './postgres/migrate.ts';
import { noteMigrations } from './postgres/noted-migrations.ts';
import { locationOf, placeOf } from './postgres/place.ts';
import { checkPool, reachSession } from './postgres/pooler.ts';
import { checkOwnDatabase, checkWritable, connectionsOf, provision } from './postgres/provision.ts';
import { withVariable } from './reason.ts';
import { StartupError } from './startup-error.ts';

/** A module's session that shows that it lives, and the one that migrates it. */
const connectionsBesidePool = 2;

export interface OpenDatabase {
  readonly database: PostgresDatabase;
  /** For a session of its own. */
  readonly connection: ConnectionSettings;
  /** The setting that says where it is. */
  readonly variable: string;
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

/** Opens the databases and adds them to `opened` one by one, so that a failure halfway leaves nothing open. */
export async function openDatabases(options: Options, opened: Opened): Promise<Databases> {
  const { configuration, environment, modules, logger } = options;
  const own = modules.flatMap((module) => {
    const places = ownPlaces(module, environment);
    return places === undefined ? [] : [[module, places] as const];
  });
  const shared = modules.filter((module) => !own.some(([owner]) => owner === module));
  const server = shared.length > 0 ? await openServer(options, opened) : undefined;
  await options.judged;
  const everyPlace = new Map([...(server ? await provisioned(server, shared) : []), ...own]);

  const databases = await Promise.all(
    [...everyPlace].map(async ([module, places]) => {
      const { migrations, prepared } = await prepare(module, places, !shared.includes(module), options);
      const database = new PostgresDatabase({
        schema: module,
        connection: places.pool.connection,
        prepared,
        poolSize: configuration.poolSize,
        acquireTimeout: configuration.poolTimeout,
        logger: logger.child(module),
      });
      opened.add(`the database of ${module}`, () => database.close());
      const { connection } = places.session;
      return [
        module,
        { database, connection, variable: places.pool.variable, ping: () => database.query('SELECT 1'), migrations },
      ] as const;
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
export function checkEmbedded(
  { databaseUrl }: Configuration,
  environment: Environment,
  modules: readonly string[],
): readonly string[] {
  const own = modules
    .filter((module) => ownDatabaseUrl(module, environment) !== undefined)
    .map((name) => moduleVariable(name, 'DATABASE_URL'));
  if (databaseUrl === undefined && own.length < modules.length) return own;
  const variables = [...(databaseUrl === undefined ? [] : ['DATABASE_URL']), ...own].join(', ');
  throw new StartupError(
    `The data is on the server that the settings name (${variables}): back it up and restore it there, for example with pg_dump and pg_restore.`,
  );
}

interface Server {
  /** Connected as the administrator, in a session that lasts. */
  readonly admin: pg.Client;
  /** Undefined for an embedded one. */
  readonly places?: Places;
  readonly location: string;
  readonly failed: Promise<Error>;
  /** Notes the known migrations beside the data; an embedded server's only. */
  readonly noteMigrations?: (modules: readonly string[]) => void;
}

async function openServer(
  { configuration, modules, announce, judged, onlyExisting }: Options,
  opened: Opened,
): Promise<Server> {
  const { dataDir, poolSize } = configuration;
  const places = sharedPlaces(configuration);
  if (places !== undefined) {
    const admin = await reachSession(places.session, places.directVariable);
    return { admin, places, location: locationOf(admin), failed: new Promise(() => {}) };
  }
  const connections = modules.length * (poolSize + connectionsBesidePool);
  if (onlyExisting) {
    const admin = await openExistingPostgres({ dataDir, connections, announce }, opened);
    const note = (migrated: readonly string[]) => noteMigrations(join(dataDir, 'postgres'), migrated);
    return { admin, location: dataDir, failed: new Promise(() => {}), noteMigrations: note };
  }
  const {
    admin,
    folder,
    failed,
    stop,
    noteMigrations: note,
  } = await startEmbeddedPostgres({ dataDir, connections, announce, judged });
  opened.add('the embedded PostgreSQL', stop);
  return { admin, location: folder, failed, noteMigrations: note };
}

/** Each module's role enters where the administrator does. */
async function provisioned(
  { admin, places }: Server,
  modules: readonly string[],
): Promise<readonly (readonly [string, Places])[]> {
  const { session, pool, directVariable } = places ?? embeddedPlaces(admin);
  try {
    const direct = await withVariable(session.variable, () => provision(admin, modules));
    const pooled = session === pool ? direct : connectionsOf(admin, modules, pool.connection);
    return modules.map((module) => {
      const entered = { ...session, connection: direct.get(module)! };
      return [
        module,
        {
          session: entered,
          pool: session === pool ? entered : { ...pool, connection: pooled.get(module)! },
          directVariable,
        },
      ];
    });
  } finally {
    await admin.end();
  }
}

/** It is reached or the program does not start: these names are never read. */
const embeddedPlaces = (admin: pg.Client): Places => {
  const place = { connection: placeOf(admin), variable: 'DATA_DIR' };
  return { session: place, pool: place, directVariable: place.variable };
};

async function prepare(
  module: string,
  { session, pool, directVariable }: Places,
  own: boolean,
  { configuration, allModules }: Options,
) {
  const client = await reachSession(session, directVariable);
  try {
    return await withVariable(session.variable, async () => {
      await checkWritable(client, session.variable);
      if (own) {
        const otherModules = allModules.filter((name) => name !== module);
        await checkOwnDatabase(client, module, {
          variable: session.variable,
          otherModules,
          production: configuration.production,
        });
      }
      const migrations = await migrate(client, module);
      await keepAuditLogFor(configuration.auditDays, client, module);
      return { migrations, ...(session === pool ? { prepared: true } : await checkPool(pool, module)) };
    });
  } finally {
    await client.end();
  }
}
