/** How a folder of programs lies in the program as one file: a list of its files, then their contents, all compressed. */
import { hash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

export interface ArchivedFile {
  /** Relative, with slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
  /** Hexadecimal; empty for a symbolic link. */
  readonly sha256: string;
  /** For a symbolic link: where it leads. */
  readonly link?: string;
}

/** A window as large as that finds the same things again in all of PostgreSQL's libraries. */
const windowLog = 26;

/** The same files give the same bytes. `includes` says by path what belongs in. */
export function pack(folder: string, includes: (path: string) => boolean): Buffer {
  const paths = (readdirSync(folder, { recursive: true }) as string[]).map((path) => path.replaceAll('\\', '/')).sort();
  const files: ArchivedFile[] = [];
  const contents: Buffer[] = [];
  for (const path of paths.filter(includes)) {
    const found = lstatSync(join(folder, path));
    if (found.isSymbolicLink())
      files.push({ path, size: 0, executable: false, sha256: '', link: readlinkSync(join(folder, path)) });
    if (!found.isFile()) continue;
    const content = readFileSync(join(folder, path));
    files.push({ path, size: found.size, executable: (found.mode & 0o100) !== 0, sha256: hash('sha256', content) });
    contents.push(content);
  }
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = constants;
  const params = { [ZSTD_c_compressionLevel]: 19, [ZSTD_c_windowLog]: windowLog };
  return zstdCompressSync(Buffer.concat([Buffer.from(`${JSON.stringify(files)}\n`), ...contents]), { params });
}

/** The list at the head of an archive, as JSON text. */
export function listIn(archive: Uint8Array): string {
  const all = decompressed(archive);
  return all.toString('utf8', 0, all.indexOf('\n'));
}

/** Writes all files into `folder`, which must be there, readable and executable for everybody; returns the list, as JSON text. */
export function unpack(archive: Uint8Array, folder: string): string {
  const all = decompressed(archive);
  const list = all.toString('utf8', 0, all.indexOf('\n'));
  let at = Buffer.byteLength(list) + 1;
  const files = JSON.parse(list) as ArchivedFile[];
  const made = new Set<string>();
  for (const { path, size, executable, link } of files) {
    const target = join(folder, path);
    openFolder(dirname(target), folder, made);
    if (link !== undefined) {
      symlinkSync(link, target);
    } else {
      writeFileSync(target, all.subarray(at, at + size));
      chmodSync(target, executable ? 0o755 : 0o644);
    }
    at += size;
  }
  return list;
}

const decompressed = (archive: Uint8Array): Buffer =>
  zstdDecompressSync(archive, { params: { [constants.ZSTD_d_windowLogMax]: windowLog } });

/** Makes it, and those above it up to `top`; the permissions are set afterwards, as a mask takes some when they are made. */
function openFolder(folder: string, top: string, made: Set<string>): void {
  if (folder === top || made.has(folder)) return;
  openFolder(dirname(folder), top, made);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  made.add(folder);
}
