/** Files and folders as the entries of a tar archive, one after the other: nothing is held in memory as a whole. */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Header } from 'tar';

export interface TarEntry {
  /** With slashes. */
  readonly path: string;
  /** Undefined for a folder. An open file is closed when it has been read, or nobody wants to any more. */
  readonly content?: Uint8Array | OpenFile;
}

interface OpenFile {
  readonly file: FileHandle;
  /** Bytes; it may change meanwhile. */
  readonly length: number;
}

const block = 512;
const chunkSize = 256 * 1024;
const zeroes = Buffer.alloc(chunkSize);

/** Extracted files are readable by their owner only. */
const [fileMode, folderMode] = [0o600, 0o700];

export async function* tarOf(entries: AsyncIterable<TarEntry>): AsyncGenerator<Uint8Array> {
  for await (const { path, content } of entries) {
    if (!content) {
      yield headerOf({ path: `${path}/`, type: 'Directory', mode: folderMode, size: 0 });
      continue;
    }
    try {
      yield headerOf({ path, type: 'File', mode: fileMode, size: content.length });
      if ('file' in content) yield* contentOf(content);
      else yield content;
      yield zeroes.subarray(0, (block - (content.length % block)) % block);
    } finally {
      if ('file' in content) await content.file.close();
    }
  }
  yield zeroes.subarray(0, 2 * block);
}

function headerOf(facts: { path: string; type: 'File' | 'Directory'; mode: number; size: number }): Uint8Array {
  const header = new Header({ ...facts, uid: 0, gid: 0, mtime: new Date() });
  const encoded = Buffer.alloc(block);
  if (header.encode(encoded)) throw new Error(`The name ${facts.path} is too long.`);
  return encoded;
}

/** The file below `parent`, as long as it was when it was opened; undefined when it has vanished. */
export async function fileEntry(parent: string, path: string): Promise<TarEntry | undefined> {
  const file = await openFile(join(parent, path));
  if (!file) return undefined;
  return { path, content: { file, length: (await file.stat()).size } };
}

/** The folder `path` below `parent` and all in it that is a file or a folder and is not left out. */
export async function* entriesBelow(
  parent: string,
  path: string,
  leavesOut: (path: string) => boolean = () => false,
): AsyncGenerator<TarEntry> {
  const found = await readdir(join(parent, path), { withFileTypes: true }).catch(unlessVanished);
  if (!found) return;
  yield { path };
  for (const entry of found) {
    const below = `${path}/${entry.name}`;
    if (leavesOut(below)) continue;
    if (entry.isDirectory()) yield* entriesBelow(parent, below, leavesOut);
    const file = entry.isFile() ? await fileEntry(parent, below) : undefined;
    if (file) yield file;
  }
}

const openFile = (path: string): Promise<FileHandle | undefined> => open(path).catch(unlessVanished);

function unlessVanished(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Exactly so many bytes: zeroes stand for what was cut off meanwhile, and what was added is left. */
async function* contentOf({ file, length }: OpenFile): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0;) {
    const wanted = Math.min(left, chunkSize);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted);
    const chunk = bytesRead > 0 ? buffer.subarray(0, bytesRead) : zeroes.subarray(0, wanted);
    yield chunk;
    left -= chunk.length;
  }
}
