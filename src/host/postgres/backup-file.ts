// ADR 0051
/** The archive that a backup is: what lies in the data folder, and at the end what it is of, which shows that it is whole. */
import { existsSync, createWriteStream, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { extract, type ReadEntry } from 'tar';
import { z } from 'zod';
import { StartupError } from '../startup-error.ts';
import { isAlive } from './postmaster-file.ts';
import { tarOf, type TarEntry } from './tar-entries.ts';

/** The parts of the data folder in a backup; the rest can be made again. */
export const backedUp = ['postgres', 'certificates'] as const;

const Facts = z.object({
  /** The program's version. */
  version: z.string(),
  postgresql: z.string(),
  /** The moment up to which all stored data is in it. */
  time: z.iso.datetime(),
});
export type BackupFacts = z.output<typeof Facts>;

const factsFile = 'fissile-backup.json';

interface Writing {
  readonly entries: AsyncIterable<TarEntry>;
  readonly facts: BackupFacts;
  readonly signal: AbortSignal;
  /** Takes the bytes that have been read. */
  readonly onProgress: (bytes: number) => void;
}

export function checkPlace(file: string): void {
  if (existsSync(file))
    throw new StartupError(`${file} exists already, and is never overwritten. Choose another name, or remove it.`);
  if (!existsSync(dirname(file)))
    throw new StartupError(`There is no folder ${dirname(file)} for it. Make it, or choose another.`);
}

/** Under another name until it is complete, on the disk for good, and only its owner's to read. Answers its size. */
export async function writeBackup(file: string, { entries, facts, signal, onProgress }: Writing): Promise<number> {
  removeUnfinished(file);
  const unfinished = `${file}.${process.pid}.unfinished`;
  const output = createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true });
  try {
    await pipeline(tarOf(withFacts(entries, facts)), (chunks) => counted(chunks, onProgress), createGzip(), output, {
      signal,
    });
    renameSync(unfinished, file);
    if (process.platform !== 'win32') await syncFolder(dirname(file));
    return output.bytesWritten;
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw cannotWrite(file, error);
  }
}

async function* withFacts(entries: AsyncIterable<TarEntry>, facts: BackupFacts): AsyncGenerator<TarEntry> {
  yield* entries;
  yield { path: factsFile, content: Buffer.from(`${JSON.stringify(facts)}\n`) };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onProgress: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    onProgress((bytes += chunk.length));
  }
}

/** Removes what a killed backup to the same name left. */
function removeUnfinished(file: string): void {
  const folder = dirname(file);
  for (const name of readdirSync(folder)) {
    const [, pid] =
      /^\.(\d+)\.unfinished$/.exec(name.startsWith(basename(file)) ? name.slice(basename(file).length) : '') ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

/** So that the new name survives a power failure as well. */
async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder);
  await opened.sync();
  await opened.close();
}

function cannotWrite(file: string, error: unknown): Error {
  const { code, name, path } = error as NodeJS.ErrnoException;
  const reasons: Record<string, string> = {
    ENOSPC: 'no space is left on the disk',
    EDQUOT: 'the quota on the disk is used up',
    EROFS: 'the file system is read-only',
    EACCES: 'this user may not write there',
    EPERM: 'this user may not write there',
    EFBIG: 'the file system takes no files that large',
  };
  if (name === 'AbortError') return new StartupError('It was stopped before it was complete.', { cause: error });
  const reason = path === undefined || path.startsWith(file) ? reasons[code ?? ''] : undefined;
  return reason === undefined
    ? (error as Error)
    : new StartupError(`${file} cannot be written: ${reason}.`, { cause: error });
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Unpacks a backup into the folder, which must be empty, for `owner` if we may choose. Refuses what is not whole. */
export function readBackup(file: string, folder: string, owner: Owner | undefined): BackupFacts {
  let last = '';
  const filter = (path: string, entry: unknown): boolean => {
    const { type } = entry as ReadEntry;
    if (!['File', 'Directory'].includes(type) || ![...backedUp, factsFile].includes(path.split('/')[0]!))
      throw new Error(`${path} does not belong in it`);
    last = path;
    return true;
  };
  try {
    extract({
      file,
      cwd: folder,
      sync: true,
      strict: true,
      preserveOwner: false,
      filter,
      ...(owner && { uid: owner.uid, gid: owner.gid }),
    });
  } catch (error) {
    throw cannotRead(file, error);
  }
  if (last !== factsFile) throw new StartupError(`${file} is not a complete backup. Use another one.`);
  return Facts.parse(JSON.parse(readFileSync(join(folder, factsFile), 'utf8')));
}

function cannotRead(file: string, error: unknown): Error {
  const { code, syscall, path, message } = error as NodeJS.ErrnoException;
  if (path === file || code === 'EISDIR')
    return new StartupError(`${file} cannot be read: ${message}.`, { cause: error });
  // The rest of the system's errors is about where it is unpacked to.
  return syscall === undefined
    ? new StartupError(`${file} is damaged, or is not a backup: ${message}. Use another one.`, { cause: error })
    : (error as Error);
}
