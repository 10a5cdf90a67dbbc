/** The systems under measurement: a PostgreSQL as the program itself runs it, everything safe on disk, and the program on it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { startEmbeddedPostgres } from '../src/host/postgres/embedded.ts';
import { postmasterOf } from '../src/host/postgres/postmaster-file.ts';
import { freePort, temporaryFolder } from '../tests/support/running-program.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const patience = 60_000;

export interface BenchDatabase extends AsyncDisposable {
  readonly folder: string;
  /** The superuser's URL. */
  readonly url: string;
  readonly pid: number;
  /** Connected as the superuser. */
  readonly admin: pg.Client;
}

export async function startDatabase(): Promise<BenchDatabase> {
  const folder = await temporaryFolder('fissile-bench-');
  const server = await startEmbeddedPostgres({ dataDir: folder.path, connections: 150, announce: () => {} });
  const { host, password, database } = server.admin as pg.Client & { password: string };
  const url = new URL(`postgresql://postgres:${encodeURIComponent(password)}@localhost/${database}`);
  url.searchParams.set('host', host);
  const { pid } = postmasterOf(server.folder)!;
  const forget = atExit(() => {
    process.kill(pid, 'SIGQUIT');
    rmSync(folder.path, { recursive: true, force: true });
  });
  return {
    folder: folder.path,
    url: url.href,
    pid,
    admin: server.admin,
    async [Symbol.asyncDispose]() {
      await server.admin.end();
      await server.stop();
      forget();
      await folder.remove();
    },
  };
}

/** A connection of the superuser to another database of the server. */
export async function connect(
  { url }: BenchDatabase,
  name: string,
): Promise<AsyncDisposable & { readonly client: pg.Client }> {
  const other = new URL(url);
  other.pathname = name;
  const client = new pg.Client(other.href);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** For an end in the middle, such as by Ctrl-C. */
export function atExit(clean: () => void): () => void {
  process.once('exit', clean);
  return () => process.off('exit', clean);
}

export interface BenchProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts a program that serves HTTP on PORT, and waits until `path` is answered. Its output goes to `logFile`. */
export async function startProcess(
  script: string,
  { environment, logFile, path }: { environment: Record<string, string>; logFile: string; path: string },
): Promise<BenchProcess> {
  const port = await freePort();
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [...execArguments(), join(root, script)], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment, HOST: '127.0.0.1', PORT: String(port) },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const forget = atExit(() => child.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  await untilAnswered(`${url}${path}`, child, logFile);
  return {
    url,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      await ended(child);
      forget();
    },
  };
}

/** For profiles: BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=profiles". */
const execArguments = () => process.env.BENCH_NODE_OPTIONS?.split(' ') ?? [];

async function untilAnswered(url: string, child: ChildProcess, logFile: string): Promise<void> {
  for (const deadline = performance.now() + patience; performance.now() < deadline; await sleep(5)) {
    if (child.exitCode !== null)
      throw new Error(`${child.spawnargs.join(' ')} ended with ${child.exitCode}; see ${logFile}.`);
    if (
      await fetch(url).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return;
  }
  throw new Error(`${url} did not answer in ${patience / 1000} s; see ${logFile}.`);
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}
