/** The databases of a topology: one for each module, on the embedded server or on the one that is given. */
import type pg from 'pg';
import { ownDatabaseUrl, ownDirectUrl, type Configuration } from '../configuration.ts';
import { sharedPlaces } from '../database-places.ts';
import type { Environment } from '../environment.ts';
import type { Opened } from '../opened.ts';
import { startEmbeddedPostgres } from '../postgres/embedded.ts';
import { databaseUrls, giveDatabases } from '../postgres/own-databases.ts';
import { reachSession } from '../postgres/pooler.ts';
import { withVariable } from '../reason.ts';
import { gateway } from './topology-file.ts';
import type { Topology } from './topology.ts';

/** A module's session that shows that it lives, and the one that migrates it. */
const connectionsBesidePool = 2;

export interface DatabaseUrls {
  readonly url: string;
  /** For what needs a session of its own, where the other leads through a pooler. */
  readonly directUrl: string | undefined;
}

export interface TopologyDatabases {
  /** The URLs of each module's database. */
  readonly urls: ReadonlyMap<string, DatabaseUrls>;
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
    return url === undefined ? [] : [[module, { url, directUrl: ownDirectUrl(module, environment) }] as const];
  });
  const rest = modules.filter((module) => !own.some(([owner]) => owner === module));
  if (rest.length === 0)
    return {
      urls: new Map(own),
      location: 'on the servers of the modules',
      failed: new Promise(() => {}),
      migrated: () => {},
    };
  const { databaseUrl, databaseDirectUrl } = options.configuration;
  const { admin, variable, location, failed, noteMigrations } = await openServer(options, opened);
  try {
    const nameOf = topology.databaseNameOf;
    const direct = await withVariable(variable, () =>
      giveDatabases(admin, rest, { nameOf, adminUrl: databaseDirectUrl ?? databaseUrl, announce: options.announce }),
    );
    const pooled =
      databaseDirectUrl === undefined ? direct : databaseUrls(admin, rest, { nameOf, adminUrl: databaseUrl });
    const given = rest.map(
      (module) =>
        [
          module,
          { url: pooled.get(module)!, directUrl: databaseDirectUrl === undefined ? undefined : direct.get(module)! },
        ] as const,
    );
    return { urls: new Map([...own, ...given]), location, failed, migrated: () => noteMigrations?.(rest) };
  } finally {
    await admin.end();
  }
}

interface Server {
  readonly admin: pg.Client;
  /** The setting that leads to it. */
  readonly variable: string;
  readonly location: string;
  readonly failed: Promise<Error>;
  /** Notes the known migrations beside the data; an embedded server's only. */
  readonly noteMigrations?: (modules: readonly string[]) => void;
}

async function openServer({ topology, configuration, announce }: Options, opened: Opened): Promise<Server> {
  const { dataDir, poolSize } = configuration;
  const places = sharedPlaces(configuration);
  if (places !== undefined) {
    const admin = await reachSession(places.session, places.directVariable);
    return {
      admin,
      variable: places.session.variable,
      location: `PostgreSQL at ${admin.host}:${admin.port}`,
      failed: new Promise(() => {}),
    };
  }
  const pools = topology.processes.reduce((sum, { modules, replicas }) => sum + replicas * modules.length, 0);
  const { admin, folder, failed, stop, noteMigrations } = await startEmbeddedPostgres({
    dataDir,
    connections: pools * (poolSize + connectionsBesidePool),
    announce,
  });
  opened.add('the embedded PostgreSQL', stop);
  return { admin, variable: 'DATA_DIR', location: folder, failed, noteMigrations };
}
