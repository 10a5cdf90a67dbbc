/** Starting and stopping PostgreSQL's own programs, and nothing about what is stored. */
import { execFile, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, postmasterOf } from './postmaster-file.ts';
import type { ServiceAccount } from './service-account.ts';

export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}
export type ServerSettings = Readonly<Record<string, string | number>>;

export const superuser = 'postgres';

const pollInterval = 2;
const startTimeout = 120_000;
const fastShutdownTimeout = 15_000;
const immediateShutdownTimeout = 5_000;

/** One language for the messages, whatever the user's: the log is quoted in errors. */
const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

const asArguments = (settings: ServerSettings) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
const identity = (account: ServiceAccount | undefined) => (account ? { uid: account.uid, gid: account.gid } : {});

/** A program of PostgreSQL ended with an error; the message is its own last word. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}

/** Writes the files of a new server into `folder`, which must be empty or absent. */
export async function initialize(
  programs: Programs,
  folder: string,
  options: { passwordFile: string; account: ServiceAccount | undefined; settings: ServerSettings },
): Promise<void> {
  const { passwordFile, account, settings } = options;
  const given = [
    `--pgdata=${folder}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
    ...asArguments(settings),
  ];
  try {
    await promisify(execFile)(programs.initdb, given, { cwd: '/', env: environment, timeout: startTimeout, ...identity(account) });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new PostgresError(lastWordIn(stderr ?? '') ?? message, { cause: error });
  }
}

export interface ServerProcess {
  readonly pid: number;
  readonly running: boolean;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
}

/** Starts PostgreSQL on `folder` and resolves when it accepts connections. */
export async function startServer(
  programs: Programs,
  folder: string,
  options: { account: ServiceAccount | undefined; settings: ServerSettings; logFile: string },
): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a', 0o600);
  // A session of its own: the terminal's Ctrl-C is for us alone, and PostgreSQL is stopped last, after the drain.
  const child = spawn(programs.postgres, ['-D', folder, ...asArguments(options.settings)], {
    cwd: '/',
    env: environment,
    detached: true,
    stdio: ['ignore', log, log],
    ...identity(options.account),
  });
  closeSync(log);
  let running = true;
  const exited = new Promise<void>((resolve) => {
    const gone = () => {
      running = false;
      resolve();
    };
    child.once('exit', gone);
    child.once('error', gone);
  });
  child.unref();
  const server: ServerProcess = {
    pid: child.pid ?? 0,
    exited,
    get running() {
      return running;
    },
  };
  const deadline = Date.now() + startTimeout;
  for (;;) {
    const postmaster = postmasterOf(folder);
    if (postmaster?.ready && postmaster.pid === server.pid) return server;
    if (!running) throw new PostgresError(lastWordIn(readFileSync(options.logFile, 'utf8')) ?? 'it ended without a word');
    if (Date.now() > deadline) {
      await stopServer(programs, folder, server.pid);
      throw new PostgresError(`it was not ready within ${startTimeout / 1000} seconds`);
    }
    await sleep(pollInterval);
  }
}

/** Disconnects everybody and shuts down cleanly; if that takes too long, at once, to recover at the next start. */
export async function stopServer(programs: Programs, folder: string, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    await promisify(execFile)(programs.pgCtl, ['stop', '-D', folder, '-m', 'fast'], { timeout: fastShutdownTimeout });
    return;
  }
  if (!(await endsAfter('SIGINT', pid, fastShutdownTimeout))) await endsAfter('SIGQUIT', pid, immediateShutdownTimeout);
}

async function endsAfter(signal: NodeJS.Signals, pid: number, timeout: number): Promise<boolean> {
  if (isAlive(pid)) process.kill(pid, signal);
  const deadline = Date.now() + timeout;
  while (isAlive(pid)) {
    if (Date.now() > deadline) return false;
    await sleep(pollInterval);
  }
  return true;
}

/** The last thing that went wrong, without the time and the process id before it. */
function lastWordIn(log: string): string | undefined {
  const complaint = /(?:FATAL|PANIC|error|fatal):\s+(.*)$/;
  const last = log.split('\n').findLast((line) => complaint.test(line));
  return last && complaint.exec(last)?.[1];
}
