/**
 * PostgreSQL as the program carries it when it is one file. It has to lie in a folder to be run: it is unpacked there
 * once, under a name that says which it is, and complete or not at all.
 */
import { hash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { isOneFile, readAsset, readBinaryAsset } from '#platform/assets.ts';
import { isChangeableByOthers } from '../changeable.ts';
import { StartupError } from '../startup-error.ts';
import { unpack, type ArchivedFile } from './archive.ts';
import { putInPlace } from './put-in-place.ts';
import { isAlive } from './postmaster-file.ts';

export interface CarriedPostgres {
  readonly version: string;
  /** The archive's checksum, hexadecimal. */
  readonly sha256: string;
  /** The checksum of the list in the archive, by which what lies unpacked is judged. */
  readonly listSha256: string;
  readonly archive: () => Uint8Array;
}

const Facts = z.object({ version: z.string(), sha256: z.string(), listSha256: z.string() });
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
    const flaw = flawIn(folder, carried.listSha256);
    if (flaw === undefined) return checkRunnable(folder);
    announce(`${flaw} PostgreSQL is unpacked again.`);
  } else {
    announce(`Unpacking PostgreSQL ${carried.version}, once.`);
  }
  const archive = carried.archive();
  if (hash('sha256', archive) !== carried.sha256) {
    throw new StartupError(
      `${process.execPath} is damaged: the PostgreSQL in it does not have the checksum it was built with. Copy the file again.`,
    );
  }
  const unfinished = `${folder}.${process.pid}`;
  try {
    // PostgreSQL's account has to get in, whatever umask we were started with.
    if (mkdirSync(parent, { recursive: true }) !== undefined) chmodSync(parent, 0o755);
    removeUnfinished(parent);
    mkdirSync(unfinished);
    chmodSync(unfinished, 0o755);
    writeFileSync(join(unfinished, list), unpack(archive, unfinished));
    rmSync(folder, { recursive: true, force: true });
    putInPlace(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    throw cannotUnpack(folder, error);
  }
  return checkRunnable(folder);
}

/** The list of the unpacked files, beside them; written last. */
const list = 'files.json';

/**
 * The first difference from what was carried, as a sentence. The list is checked against the executable and every file
 * against the list, so that nobody who could write here has PostgreSQL's account run a program of theirs.
 */
function flawIn(folder: string, listSha256: string): string | undefined {
  if (isChangeableByOthers(folder)) return `${folder} can be changed by other users.`;
  let text: string;
  try {
    text = readFileSync(join(folder, list), 'utf8');
  } catch {
    return `${folder} is not complete.`;
  }
  if (hash('sha256', text) !== listSha256) return `${join(folder, list)} is not as it was unpacked.`;
  for (const file of JSON.parse(text) as ArchivedFile[]) {
    const path = join(folder, file.path);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (!found || !isAsCarried(path, found, file)) return `${path} is not as it was unpacked.`;
    if (file.executable && process.platform !== 'win32' && (found.mode & 0o111) !== 0o111)
      return `${path} has lost its permission to be executed.`;
  }
  return undefined;
}

function isAsCarried(path: string, found: Stats, { size, sha256, link }: ArchivedFile): boolean {
  if (link !== undefined) return found.isSymbolicLink() && readlinkSync(path) === link;
  return found.isFile() && found.size === size && hash('sha256', readFileSync(path)) === sha256;
}

/** The permissions are there; what still says no is the file system. */
function checkRunnable(folder: string): string {
  if (process.platform === 'win32') return folder;
  try {
    accessSync(join(folder, 'bin', 'postgres'), constants.X_OK);
  } catch (error) {
    throw new StartupError(
      `PostgreSQL cannot be run from ${folder}: its file system forbids executing files (noexec). ${advice}.`,
      { cause: error },
    );
  }
  return folder;
}

/** Removes what a killed start left. */
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
  return reason === undefined
    ? (error as Error)
    : new StartupError(`PostgreSQL cannot be unpacked to ${folder}: ${reason}. ${advice}.`, { cause: error });
}
