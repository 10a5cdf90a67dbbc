// ADR 0003
/** Starting and stopping PostgreSQL's own programs, and nothing about what is stored. */
import { execFile, spawn, type SpawnOptions } from 'node:child_process';
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync, statfsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { isAlive, postmasterOf, writtenAt } from './postmaster-file.ts';
import { canEnter, type ServiceAccount } from './service-account.ts';

export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}
export type ServerSettings = Readonly<Record<string, string | number>>;

/** Where a server's data lies, what runs on it, and as whom. */
export interface ServerFiles {
  readonly folder: string;
  readonly programs: Programs;
  readonly account: ServiceAccount | undefined;
}

export const superuser = 'postgres';
export const noSpaceLeft = 'No space left on device';

const pollInterval = 2;
/** initdb runs its helpers with it. A container that holds nothing but a program has none. */
const shell = '/bin/sh';
/** Bytes; less than what PostgreSQL writes to start. */
const leastRoom = 1_000_000;
const startTimeout = 120_000;
const fastShutdownTimeout = 15_000;
const immediateShutdownTimeout = 5_000;

/** One language for the messages, whatever the user's: the log is quoted in errors. */
const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/** A program of PostgreSQL ended with an error; the message is its own last word. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}

const asArguments = (settings: ServerSettings) =>
  Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/**
 * The folder by a name the account can use. Linux lets a process that stands in a folder use it, even if it could
 * not have got there by itself, such as to a repository below /root.
 */
function nameOf({ folder, account }: ServerFiles): string {
  const standing = process.platform === 'linux' && account && !canEnter(account, folder);
  return standing ? '/proc/self/cwd' : folder;
}

function run(files: ServerFiles, program: string, given: string[], options: SpawnOptions) {
  const { folder, account } = files;
  return spawn(program, given, {
    ...options,
    cwd: folder,
    env: environment,
    windowsHide: true,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
}

/** Writes the files of a new server into the folder, which must be empty. The account must own the password's file. */
export async function initialize(
  files: ServerFiles,
  options: { passwordFile: string; settings: ServerSettings; sync: boolean },
): Promise<void> {
  const password = openSync(options.passwordFile, 'r');
  const given = [
    `--pgdata=${nameOf(files)}`,
    `--username=${superuser}`,
    `--pwfile=${process.platform === 'win32' ? options.passwordFile : '/dev/stdin'}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    ...(options.sync ? [] : ['--no-sync']),
    ...asArguments(options.settings),
  ];
  const child = run(files, files.programs.initdb, given, { stdio: [password, 'ignore', 'pipe'] });
  closeSync(password);
  let complaints = '';
  child.stderr?.on('data', (data: Buffer) => (complaints += data.toString()));
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', (error) => resolve((complaints += `error: ${error.message}`)));
  });
  if (code === 0) return;
  if (process.platform !== 'win32' && !existsSync(shell))
    throw new PostgresError(`initdb needs a shell, ${shell}, to create the first database. Set DATABASE_URL`);
  throw new PostgresError(
    lastWordIn(complaints) ?? (complaints.trim().split('\n').at(-1) || `initdb ended with ${code}`),
  );
}

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>;
}

/** Starts PostgreSQL and resolves when it accepts connections. */
export async function startServer(
  files: ServerFiles,
  options: { settings: ServerSettings; logFile: string },
): Promise<ServerProcess> {
  const { O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_WRONLY } = constants;
  // No link is followed: as root we would write wherever the owner of the data folder points it.
  const log = openSync(options.logFile, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  const { size: logged } = fstatSync(log);
  const given = ['-D', nameOf(files), ...asArguments(options.settings)];
  // A killed server's files may name the number of the new one: in a container they are the same each time.
  const left = writtenAt(files.folder);
  // A session of its own: the terminal's Ctrl-C is for us alone, and PostgreSQL is stopped last, after the drain.
  const child = run(files, files.programs.postgres, given, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let gone = false;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve());
  }).then(() => void (gone = true));
  child.unref();
  const pid = child.pid ?? 0;
  const deadline = performance.now() + startTimeout;
  for (;;) {
    const postmaster = writtenAt(files.folder) === left ? undefined : postmasterOf(files.folder);
    if (postmaster?.ready && postmaster.pid === pid) return { pid, exited };
    if (gone)
      throw new PostgresError(
        lastWordIn(readFileSync(options.logFile).subarray(logged).toString()) ?? silenceOf(files.folder),
      );
    if (performance.now() > deadline) {
      await stopServer(files, pid);
      throw new PostgresError(`it was not ready within ${startTimeout / 1000} seconds`);
    }
    await sleep(pollInterval);
  }
}

/** Disconnects everybody and shuts down cleanly; if that takes too long, at once, to recover at the next start. */
export async function stopServer(files: ServerFiles, pid: number): Promise<void> {
  if (process.platform === 'win32') {
    await promisify(execFile)(files.programs.pgCtl, ['stop', '-D', files.folder, '-m', 'fast'], {
      timeout: fastShutdownTimeout,
    });
    return;
  }
  if (!(await endsAfter('SIGINT', pid, fastShutdownTimeout))) await endsAfter('SIGQUIT', pid, immediateShutdownTimeout);
}

async function endsAfter(signal: NodeJS.Signals, pid: number, timeout: number): Promise<boolean> {
  if (isAlive(pid)) process.kill(pid, signal);
  const deadline = performance.now() + timeout;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await sleep(pollInterval);
  }
  return true;
}

/** On a full disk even the last words find no room. */
function silenceOf(folder: string): string {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize < leastRoom ? noSpaceLeft : 'it ended without a word';
}

/** The last thing that went wrong, without the time and the process id before it; a full disk has many consequences. */
function lastWordIn(log: string): string | undefined {
  if (log.includes(noSpaceLeft)) return noSpaceLeft;
  const complaint = /(?:FATAL|PANIC|error|fatal):\s+(.*)$/;
  const last = log.split('\n').findLast((line) => complaint.test(line));
  return last && complaint.exec(last)?.[1];
}
