/**
 * Opens the databases of the modules: on the server they are given, on one of their own, or on an embedded one.
 * Each is prepared (role, schema, migrations) before it is used.
 */
import { resolve } from 'node:path';
import type { ConnectionSettings } from '#platform/database/postgres-database.ts';
import { PostgresDatabase } from '#platform/database/postgres-database.ts';
import { migrate } from '#platform/database/migrate.ts';
import type { RootLogger } from '#platform/observability/create-logger.ts';
import { ownDatabaseUrl, type Configuration, type Environment } from './configuration.ts';
import { startEmbeddedPostgres } from './postgres/embedded.ts';
import { provision } from './postgres/provision.ts';

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
