import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { broughtBinaries, broughtVersion, programsOf } from './binaries.ts';
import { checkNotNewer } from './noted-migrations.ts';
import { isAlive } from './postmaster-file.ts';
import { putInPlace } from './put-in-place.ts';
import { initialize, noSpaceLeft, PostgresError, type ServerFiles } from './server-process.ts';
import { serviceAccount, type ServiceAccount } from './service-account.ts';

/** The data of the embedded server, complete and of the version that we run. */
export interface Cluster extends ServerFiles {
  /** The superuser's password. It lies in the folder, which only the account can read. */
  readonly password: string;
  readonly version: string;
}

/**
 * Passwords are random and long, so there is nothing to gain from making them slow to try, and a connection is
 * opened in a fifth of the time. Written at the creation, as the superuser's password is hashed there.
 */
const creationSettings = { scram_iterations: 1 };

/** The modules' database on it. */
export const databaseName = 'fissile';

/** Opens the server's data in `dataDir`, or creates it after `judged`. `announce` takes a line for the person who waits. */
export async function openCluster(
  dataDir: string,
  announce: (line: string) => void,
  judged?: Promise<unknown>,
): Promise<Cluster> {
  const folder = join(dataDir, 'postgres');
  const created = !existsSync(folder);
  if (created) await judged;
  if (created) makeFolder(dataDir);
  const account = created ? serviceAccount() : ownerOf(folder);
  // Before anything is written, so that a refusal leaves all as it was.
  if (!created) {
    checkVersion(folder, broughtVersion());
    checkNotNewer(folder);
  }
  removeUnfinished(dataDir);
  const binaries = broughtBinaries(account, dataDir, announce);
  const { version } = binaries;
  const files = { folder, account, programs: programsOf(binaries) };
  if (created) {
    announce('First start: creating the database. This takes a moment.');
    await create(files);
  }
  return { ...files, version, password: readFileSync(passwordIn(folder), 'utf8') };
}

export const passwordIn = (folder: string) => join(folder, 'fissile.password');

export function makeFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw cannotWrite(dataDir, error);
  }
}

/** Started as root, we run PostgreSQL as the owner of the data; otherwise it must be ours. */
function ownerOf(folder: string): ServiceAccount | undefined {
  const { uid, gid } = statSync(folder);
  const self = process.getuid?.();
  if (self === undefined || self === uid) return self === 0 ? serviceAccount() : undefined;
  if (self !== 0)
    throw new StartupError(
      `${folder} belongs to another user (number ${uid}). Start the program as that user, or choose another folder with DATA_DIR.`,
    );
  return { name: `number ${uid}`, uid, gid };
}

/** Who shall own a database that is brought here as root; undefined when we are not root. */
export const accountFor = (dataDir: string): ServiceAccount | undefined =>
  process.getuid?.() === 0 ? ownerOf(dataDir) : undefined;

/** Without a version of ours the search for the programs says what is missing. */
function checkVersion(folder: string, version: string | undefined): void {
  if (version === undefined) return;
  const [ours] = version.split('.');
  const file = join(folder, 'PG_VERSION');
  if (!existsSync(file) || !existsSync(passwordIn(folder))) {
    throw new StartupError(
      `${folder} holds something other than this program's database. Move it, or choose another folder with DATA_DIR.`,
    );
  }
  const theirs = readFileSync(file, 'utf8').trim();
  if (theirs !== ours) {
    throw new StartupError(
      `${folder} was written by PostgreSQL ${theirs}, and this is PostgreSQL ${ours}. Start the version of the program that wrote it, or move the data over with pg_dump.`,
    );
  }
}

/** In a folder of another name first: a start that is interrupted leaves nothing that looks complete. */
async function create(files: ServerFiles): Promise<void> {
  const { folder, account } = files;
  const unfinished = `${folder}.${process.pid}.new`;
  const password = `${unfinished}.password`;
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    writeFileSync(password, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
    if (account) for (const path of [unfinished, password]) chownSync(path, account.uid, account.gid);
    await initialize(
      { ...files, folder: unfinished },
      { passwordFile: password, settings: creationSettings, sync: true },
    );
    putInPlace(password, passwordIn(unfinished));
    putInPlace(unfinished, folder);
  } catch (error) {
    for (const path of [unfinished, password]) rmSync(path, { recursive: true, force: true });
    throw cannotWrite(folder, error);
  }
}

/** Removes what an interrupted start left. */
export function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const pid = Number(/^postgres\.(\d+)\.new/.exec(name)?.[1] ?? 0);
    if (pid && (pid === process.pid || !isAlive(pid))) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

export function cannotWrite(folder: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const advice = 'Choose another folder with DATA_DIR, or set DATABASE_URL';
  if (code === 'EACCES' || code === 'EPERM')
    return new StartupError(`${folder} cannot be written: this user may not. ${advice}.`, { cause: error });
  if (code === 'EROFS')
    return new StartupError(`${folder} cannot be written: the file system is read-only. ${advice}.`, { cause: error });
  if (code === 'ENOSPC' || message === noSpaceLeft)
    return new StartupError(`${folder} cannot be written: no space is left on the disk.`, { cause: error });
  if (code === 'EEXIST' || code === 'ENOTDIR')
    return new StartupError(`${folder} cannot be created: a file of that name is in the way. ${advice}.`, {
      cause: error,
    });
  if (error instanceof PostgresError)
    return new StartupError(`PostgreSQL could not be set up in ${folder}: ${message}.`, { cause: error });
  return error as Error;
}
