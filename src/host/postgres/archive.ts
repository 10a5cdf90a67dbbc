/** How a folder of programs lies in the program as one file: a list of its files, then their contents, all compressed. */
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

export interface ArchivedFile {
  /** Relative, with slashes. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly executable: boolean;
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
    if (found.isSymbolicLink()) files.push({ path, size: 0, executable: false, link: readlinkSync(join(folder, path)) });
    if (!found.isFile()) continue;
    files.push({ path, size: found.size, executable: (found.mode & 0o100) !== 0 });
    contents.push(readFileSync(join(folder, path)));
  }
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = constants;
  const params = { [ZSTD_c_compressionLevel]: 19, [ZSTD_c_windowLog]: windowLog };
  return zstdCompressSync(Buffer.concat([Buffer.from(`${JSON.stringify(files)}\n`), ...contents]), { params });
}

/** Writes all of it into `folder`, which must be there; what is written can be read and run by everybody. */
export function unpack(archive: Uint8Array, folder: string): readonly ArchivedFile[] {
  const all = zstdDecompressSync(archive, { params: { [constants.ZSTD_d_windowLogMax]: windowLog } });
  let at = all.indexOf('\n') + 1;
  const files = JSON.parse(all.toString('utf8', 0, at)) as ArchivedFile[];
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
  return files;
}

/** Makes it, and those above it up to `top`; the permissions are set afterwards, as a mask takes some when they are made. */
function openFolder(folder: string, top: string, made: Set<string>): void {
  if (folder === top || made.has(folder)) return;
  openFolder(dirname(folder), top, made);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  made.add(folder);
}
