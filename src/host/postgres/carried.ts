/**
 * PostgreSQL as the program carries it when it is one file. It has to lie in a folder to be run: it is unpacked there
 * once, under a name that says which it is, and complete or not at all.
 */
import { createHash } from 'node:crypto';
import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isOneFile, readAsset, readBinaryAsset } from '#platform/assets.ts';
import { StartupError } from '../startup-error.ts';
import { unpack, type ArchivedFile } from './archive.ts';
import { putInPlace } from './put-in-place.ts';
import { isAlive } from './postmaster-file.ts';

export interface CarriedPostgres {
  readonly version: string;
  /** Of the archive, in hexadecimal digits. */
  readonly sha256: string;
  readonly archive: () => Uint8Array;
}

const Facts = z.object({ version: z.string(), sha256: z.string() });
const advice = 'Choose another folder with DATA_DIR, or set DATABASE_URL';

/** Undefined where the program is not one file, or carries none for its platform. */
export function carriedPostgres(): CarriedPostgres | undefined {
  if (!isOneFile) return undefined;
  return { ...Facts.parse(JSON.parse(readAsset('postgresql.json'))), archive: () => readBinaryAsset('postgresql.zst') };
}

/** Resolves what is in `parent`, or unpacks it there; returns the folder. `announce` takes a line for who waits. */
export function unpackedIn(parent: string, carried: CarriedPostgres, announce: (line: string) => void): string {
  const folder = join(parent, `postgresql-${carried.version}-${carried.sha256.slice(0, 12)}`);
  if (existsSync(folder)) {
    const flaw = flawIn(folder);
    if (flaw === undefined) return checkRunnable(folder);
    announce(`${flaw} PostgreSQL is unpacked again.`);
  } else {
    announce(`Unpacking PostgreSQL ${carried.version}, once.`);
  }
  const archive = carried.archive();
  if (createHash('sha256').update(archive).digest('hex') !== carried.sha256) {
    throw new StartupError(`${process.execPath} is damaged: the PostgreSQL in it does not have the checksum it was built with. Copy the file again.`);
  }
  const unfinished = `${folder}.${process.pid}`;
  try {
    // Whoever PostgreSQL runs as has to get in, whatever mask we were started with.
    if (mkdirSync(parent, { recursive: true }) !== undefined) chmodSync(parent, 0o755);
    removeUnfinished(parent);
    mkdirSync(unfinished);
    chmodSync(unfinished, 0o755);
    const files = unpack(archive, unfinished);
    writeFileSync(join(unfinished, list), JSON.stringify(files));
    rmSync(folder, { recursive: true, force: true });
    putInPlace(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw cannotUnpack(folder, error);
  }
  return checkRunnable(folder);
}

/** Lies in the folder, of what is in it; written last. */
const list = 'files.json';

/** What is not as it was unpacked, in a sentence. */
function flawIn(folder: string): string | undefined {
  let files: readonly ArchivedFile[];
  try {
    files = JSON.parse(readFileSync(join(folder, list), 'utf8')) as ArchivedFile[];
  } catch {
    return `${folder} is not complete.`;
  }
  for (const { path, size, executable, link } of files) {
    const found = lstatSync(join(folder, path), { throwIfNoEntry: false });
    if (!found || (link === undefined && found.size !== size)) return `${join(folder, path)} is not as it was unpacked.`;
    if (executable && process.platform !== 'win32' && (found.mode & 0o111) !== 0o111) return `${join(folder, path)} has lost its permission to be executed.`;
  }
  return undefined;
}

/** The permissions are there; what still says no is the file system. */
function checkRunnable(folder: string): string {
  if (process.platform === 'win32') return folder;
  try {
    accessSync(join(folder, 'bin', 'postgres'), constants.X_OK);
  } catch (error) {
    throw new StartupError(`PostgreSQL cannot be run from ${folder}: its file system forbids to execute files (noexec). ${advice}.`, { cause: error });
  }
  return folder;
}

/** What a start left that was killed on the way. */
function removeUnfinished(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^postgresql-.+\.(\d+)$/.exec(name)?.[1] ?? 0);
    if (pid && (pid === process.pid || !isAlive(pid))) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function cannotUnpack(folder: string, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOSPC: 'no space is left on the disk; it takes 60 MB',
    EDQUOT: 'the quota on the disk is used up; it takes 60 MB',
    EROFS: 'the file system is read-only',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    ENOTDIR: 'a file is in the way',
    EEXIST: 'a file is in the way',
  };
  const reason = reasons[code ?? ''];
  return reason === undefined ? (error as Error) : new StartupError(`PostgreSQL cannot be unpacked to ${folder}: ${reason}. ${advice}.`, { cause: error });
}
