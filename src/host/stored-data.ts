/**
 * The stored data that a command line means, for commands that look at it or repair it: in one database with a schema for
 * each module, or with `--topology` in a database for each; on the embedded server or on one that the settings name. The
 * program may be running on it meanwhile. Nothing is created, provisioned or migrated.
 */
import type pg from 'pg';
import { PostgresDatabase, type ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { CommandLine } from './command.ts';
import { readConfiguration, type Configuration } from './configuration.ts';
import { ownPlaces, sharedPlaces, type Places } from './database-places.ts';
import type { Environment } from './environment.ts';
import { say } from './greeting.ts';
import { findModules, selectModules } from './modules.ts';
import type { Opened } from './opened.ts';
import { parseConnectionUrl } from './postgres/connection-url.ts';
import { openExistingPostgres } from './postgres/existing.ts';
import { pendingMigrations } from './postgres/migrate.ts';
import { databaseUrls, givenDatabases } from './postgres/own-databases.ts';
import { connectionsOf } from './postgres/provision.ts';
import { placeOf } from './postgres/place.ts';
import { reachSession } from './postgres/pooler.ts';
import { reach } from './postgres/reach.ts';
import { StartupError } from './startup-error.ts';
import { readTopology, refuseModules, type Topology } from './topology/topology.ts';

export interface StoredModule {
  readonly module: string;
  /** How the module enters its database, as its own role. */
  readonly connection: ConnectionSettings;
  /** The setting that says where the database is, for a person. */
  readonly variable: string;
}

/** One pool and one session for a command's own use. */
const connections = { pool: 2, beside: 1 };

/** A person who looks at data wants to know at once that the server is away. */
const atOnce = { patience: 0, say };
const enter = (connection: ConnectionSettings, variable: string) => reach(connection, variable, atOnce);

/** Finds the modules of the command line that have data, or `only` one of them; refuses where none has. `opened` closes what it opens. */
export async function findStoredData(
  { environment, topology: file }: CommandLine,
  opened: Opened,
  only?: string,
): Promise<readonly StoredModule[]> {
  const configuration = readConfiguration(environment);
  const allModules = await findModules();
  const topology = file === undefined ? undefined : await topologyOf(file, configuration, allModules, environment);
  const { modules: selected } = selectModules(allModules, configuration.modules);
  const modules = selected.filter((module) => only === undefined || module === only);
  const own: StoredModule[] = modules.flatMap((module) => {
    const places = ownPlaces(module, environment);
    return places === undefined ? [] : [{ module, ...places.session }];
  });
  const shared = modules.filter((module) => !own.some((each) => each.module === module));
  const found = [
    ...(shared.length > 0 ? await onServer(shared, topology, configuration, opened) : []),
    ...(await keep(own, async ({ module, connection, variable }) => {
      const client = await enter(connection, variable);
      return (await schemasIn(client, [module]).finally(() => client.end())).length > 0;
    })),
  ];
  if (found.length === 0) throw new StartupError(nothingThere(configuration, own, file));
  return modules.flatMap((module) => found.filter((each) => each.module === module));
}

/** How the administrator enters the server that holds the data of the command line. */
export async function storedServer({ environment }: CommandLine, opened: Opened): Promise<ConnectionSettings> {
  const configuration = readConfiguration(environment);
  const admin = await openServer(sharedPlaces(configuration), configuration.dataDir, 1, opened);
  return { ...placeOf(admin), password: admin.password };
}

/** The same as pools that are closed by `opened`, by module. Refuses data of another version than this program's. */
export async function openStoredData(
  line: CommandLine,
  opened: Opened,
  only?: string,
): Promise<ReadonlyMap<string, PostgresDatabase>> {
  const logger = createLogger({ level: 'silent', format: 'json' });
  const found = await findStoredData(line, opened, only);
  for (const { module, connection, variable } of found) {
    const client = await enter(connection, variable);
    const pending = await pendingMigrations(client, module).finally(() => client.end());
    if (pending.length > 0) throw olderVersion(module, pending);
  }
  return new Map(
    found.map(({ module, connection }) => {
      const database = new PostgresDatabase({ schema: module, connection, poolSize: connections.pool, logger });
      opened.add(`the database of ${module}`, () => database.close());
      return [module, database];
    }),
  );
}

export async function topologyOf(
  file: string,
  configuration: Configuration,
  allModules: readonly string[],
  environment: Environment,
): Promise<Topology> {
  refuseModules(configuration);
  return readTopology(file, allModules, environment);
}

async function onServer(
  modules: readonly string[],
  topology: Topology | undefined,
  configuration: Configuration,
  opened: Opened,
): Promise<readonly StoredModule[]> {
  const places = sharedPlaces(configuration);
  const variable = places?.session.variable ?? 'DATA_DIR';
  const admin = await openServer(places, configuration.dataDir, modules.length, opened);
  if (!topology) {
    const entered = connectionsOf(admin, modules);
    return (await schemasIn(admin, modules)).map((module) => ({ module, connection: entered.get(module)!, variable }));
  }
  const nameOf = topology.databaseNameOf;
  const urls = databaseUrls(admin, modules, {
    nameOf,
    adminUrl: configuration.databaseDirectUrl ?? configuration.databaseUrl,
  });
  const given = await givenDatabases(admin, modules, nameOf);
  return given.map((module) => ({ module, connection: parseConnectionUrl(urls.get(module)!), variable }));
}

async function openServer(
  places: Places | undefined,
  dataDir: string,
  modules: number,
  opened: Opened,
): Promise<pg.Client> {
  if (places === undefined) {
    return openExistingPostgres(
      { dataDir, connections: modules * (connections.pool + connections.beside), announce: say },
      opened,
    );
  }
  const admin = await reachSession(places.session, places.directVariable, atOnce);
  opened.add('the session', () => admin.end());
  return admin;
}

async function schemasIn(client: pg.Client, modules: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ nspname: string }>(
    'SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1)',
    [modules],
  );
  return modules.filter((module) => rows.some(({ nspname }) => nspname === module));
}

const olderVersion = (module: string, [first, ...others]: readonly string[]) =>
  new StartupError(
    `The database of ${module} is of an older version: it lacks the migration ${first}${others.length > 0 ? ` and ${others.length} more` : ''}. ` +
      'Run the command "migrate", or this one with the version that wrote it.',
  );

async function keep<T>(all: readonly T[], holds: (each: T) => Promise<boolean>): Promise<readonly T[]> {
  const kept = await Promise.all(all.map(holds));
  return all.filter((_, index) => kept[index]);
}

function nothingThere(
  { databaseUrl, dataDir }: Configuration,
  own: readonly StoredModule[],
  file: string | undefined,
): string {
  const variables = [
    databaseUrl === undefined ? `DATA_DIR (${dataDir})` : 'DATABASE_URL',
    ...own.map(({ variable }) => variable),
  ].join(', ');
  return file === undefined
    ? `There is no data of this program where the settings say: ${variables}. If it runs as a topology, name the file with --topology.`
    : `There is no data of ${file} where the settings say: ${variables}. The topology creates its databases when it starts.`;
}
