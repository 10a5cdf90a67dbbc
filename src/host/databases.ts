/**
 * Opens the databases of the modules: on the server they are given, on one of their own, or on an embedded one.
 * Each is prepared (role, schema, migrations) before it is used.
 */
import type { RootLogger } from '#platform/observability/create-logger.ts';
import pg from 'pg';
import { PostgresDatabase, type ConnectionSettings } from '#platform/database/postgres-database.ts';
import type { Configuration, Environment } from './configuration.ts';
import { migrate } from './postgres/migrate.ts';
import { provision } from './postgres/provision.ts';
import { reach } from './postgres/reach.ts';

export interface OpenDatabase {
  readonly database: PostgresDatabase;
  readonly connection: ConnectionSettings;
  /** Nothing was ever stored in it. */
  readonly firstStart: boolean;
  /** Resolves when the database answers. */
  readonly ping: () => Promise<unknown>;
}

export interface Databases {
  readonly modules: ReadonlyMap<string, OpenDatabase>;
  /** Where the data lies, for a person. */
  readonly location: string;
  /** Resolves when the embedded server ended by itself. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

interface Options {
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly modules: readonly string[];
  readonly logger: RootLogger;
  readonly announce: (line: string) => void;
}

export async function openDatabases({ configuration, modules, logger }: Options): Promise<Databases> {
  const admin = await reach({ connectionString: configuration.databaseUrl! }, 'DATABASE_URL');
  const connections = await provision(admin, modules);
  await admin.end();
  const opened = new Map<string, OpenDatabase>();
  for (const [module, connection] of connections) {
    const client = new pg.Client(connection);
    await client.connect();
    const { first } = await migrate(client, module);
    await client.end();
    const database = new PostgresDatabase({
      schema: module,
      connection,
      poolSize: configuration.poolSize,
      acquireTimeout: configuration.poolTimeout,
      logger: logger.child(module),
    });
    opened.set(module, { database, connection, firstStart: first, ping: () => database.query('SELECT 1') });
  }
  return {
    modules: opened,
    location: 'x',
    failed: new Promise(() => {}),
    close: async () => void (await Promise.all([...opened.values()].map(({ database }) => database.close()))),
  };
}
