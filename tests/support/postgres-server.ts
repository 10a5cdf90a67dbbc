/**
 * One PostgreSQL for the whole test run (vitest's `globalSetup`): the embedded one, or the server that
 * TEST_DATABASE_URL names, as a user that may create databases and roles.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { binariesFor, packagedBinaries, programsOf } from '../../src/host/postgres/binaries.ts';
import { isAlive, postmasterOf } from '../../src/host/postgres/postmaster-file.ts';
import { initialize, type ServerFiles, startServer, stopServer } from '../../src/host/postgres/server-process.ts';
import { serviceAccount } from '../../src/host/postgres/service-account.ts';
import { freePort } from './running-program.ts';

/** The server that test files use; see postgres.ts. */
export interface TestServer {
  /** A superuser's URL, without a database at its end. */
  readonly url: string;
  /** The prefix of every name that this run creates. */
  readonly prefix: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
  }
}

const folderPrefix = 'fissile-test-postgres-';
/** Gives up durability, which tests do not need; never for anything that is to be kept. */
const fasterThanSafe = { scram_iterations: 1, fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
const settings = { ...fasterThanSafe, max_connections: 300, unix_socket_directories: '' };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const prefix = `test_${randomBytes(4).toString('hex')}_`;
  const given = process.env.TEST_DATABASE_URL;
  const server = given ? { url: withoutDatabase(given), stop: async () => {} } : await startTestServer();
  project.provide('testServer', { url: server.url, prefix });
  return async () => {
    if (given) await dropEverything(server.url, prefix);
    await server.stop();
  };
}

/** `address` is one more of this machine to listen on; anybody in its network may connect. */
export async function startTestServer(address?: string): Promise<{ url: string; stop(): Promise<void> }> {
  const account = serviceAccount();
  const programs = programsOf(binariesFor(account, packagedBinaries()));
  const filesIn = (home: string): ServerFiles => ({ folder: join(home, 'data'), programs, account });
  await removeLeftovers(filesIn);
  const home = mkdtempSync(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const files = filesIn(home);
  const passwordFile = join(home, 'password');
  const password = randomBytes(16).toString('hex');
  mkdirSync(files.folder, { mode: 0o700 });
  writeFileSync(passwordFile, password);
  if (account) for (const path of [files.folder, passwordFile]) chownSync(path, account.uid, account.gid);
  await initialize(files, { passwordFile, settings: fasterThanSafe, sync: false });
  const port = await freePort();
  if (address !== undefined) appendFileSync(join(files.folder, 'pg_hba.conf'), 'host all all samenet scram-sha-256\n');
  const listenAddresses = ['127.0.0.1', ...(address === undefined ? [] : [address])].join(',');
  const { pid } = await startServer(files, {
    settings: { ...settings, listen_addresses: listenAddresses, port },
    logFile: join(home, 'log'),
  });
  return {
    url: `postgresql://postgres:${password}@127.0.0.1:${port}`,
    async stop() {
      await stopServer(files, pid);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** A test run that was killed leaves its server running. */
async function removeLeftovers(filesIn: (home: string) => ServerFiles): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(folderPrefix))) {
    if (isAlive(Number.parseInt(name.slice(folderPrefix.length), 10))) continue;
    const files = filesIn(join(tmpdir(), name));
    const postmaster = postmasterOf(files.folder);
    if (postmaster) await stopServer(files, postmaster.pid);
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function withoutDatabase(url: string): string {
  const parsed = new URL(url);
  parsed.pathname = '';
  return parsed.href;
}

async function dropEverything(url: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${url}/postgres` });
  await client.connect();
  const databases = await client.query('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [prefix]);
  for (const { datname } of databases.rows) {
    await client.query(`ALTER DATABASE "${datname}" IS_TEMPLATE false`);
    await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  }
  const roles = await client.query('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [prefix]);
  for (const { rolname } of roles.rows) await client.query(`DROP ROLE "${rolname}"`);
  await client.end();
}
