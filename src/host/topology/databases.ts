/** The databases of a topology: one for each module, on the embedded server or on the one that is given. */
import type pg from 'pg';
import { ownDatabaseUrl, type Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import type { Opened } from '../opened.ts';
import { startEmbeddedPostgres } from '../postgres/embedded.ts';
import { giveDatabases } from '../postgres/own-databases.ts';
import { reach } from '../postgres/reach.ts';
import { gateway } from './topology-file.ts';
import type { Topology } from './topology.ts';

/** A module's session that shows that it lives, and the one that migrates it. */
const connectionsBesidePool = 2;

export interface TopologyDatabases {
  /** The URL of each module's database. */
  readonly urls: ReadonlyMap<string, string>;
  /** Where the data lies, for a person. */
  readonly location: string;
  /** Resolves when the embedded server ended by itself. */
  readonly failed: Promise<Error>;
  /** To be called when the processes have applied their migrations. */
  readonly migrated: () => void;
}

interface Options {
  readonly topology: Topology;
  readonly configuration: Configuration;
  readonly environment: Environment;
  readonly announce: (line: string) => void;
}

/** A module that the environment gives a database keeps it. */
export async function openTopologyDatabases(options: Options, opened: Opened): Promise<TopologyDatabases> {
  const { topology, environment } = options;
  const modules = topology.processes.flatMap((entry) => entry.modules).filter((module) => module !== gateway);
  const own = modules.flatMap((module) => {
    const url = ownDatabaseUrl(module, environment);
    return url === undefined ? [] : [[module, url] as const];
  });
  const rest = modules.filter((module) => !own.some(([owner]) => owner === module));
  if (rest.length === 0) return { urls: new Map(own), location: 'on the servers of the modules', failed: new Promise(() => {}), migrated: () => {} };
  const { admin, adminUrl, location, failed, noteMigrations } = await openServer(options, opened);
  try {
    const given = await giveDatabases(admin, rest, { nameOf: topology.databaseNameOf, adminUrl, announce: options.announce });
    return { urls: new Map([...own, ...given]), location, failed, migrated: () => noteMigrations?.(rest) };
  } finally {
    await admin.end();
  }
}

interface Server {
  readonly admin: pg.Client;
  readonly adminUrl?: string;
  readonly location: string;
  readonly failed: Promise<Error>;
  /** Of an embedded one. */
  readonly noteMigrations?: (modules: readonly string[]) => void;
}

async function openServer({ topology, configuration, announce }: Options, opened: Opened): Promise<Server> {
  const { databaseUrl, dataDir, poolSize } = configuration;
  if (databaseUrl !== undefined) {
    const admin = await reach({ connectionString: databaseUrl }, 'DATABASE_URL');
    return { admin, adminUrl: databaseUrl, location: `PostgreSQL at ${new URL(databaseUrl).host}`, failed: new Promise(() => {}) };
  }
  const pools = topology.processes.reduce((sum, { modules, replicas }) => sum + replicas * modules.length, 0);
  const { admin, folder, failed, stop, noteMigrations } = await startEmbeddedPostgres({
    dataDir,
    connections: pools * (poolSize + connectionsBesidePool),
    announce,
  });
  opened.add('the embedded PostgreSQL', stop);
  return { admin, location: folder, failed, noteMigrations };
}
