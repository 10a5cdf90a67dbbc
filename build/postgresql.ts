/** The embedded PostgreSQL as the file carries it. Compressing takes a minute, so the result is kept. */
import { createHash, hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { listIn, pack } from '../src/host/postgres/archive.ts';
import { linkLibraries } from '../src/host/postgres/link-libraries.ts';
import { cache, packageFolder } from './parts.ts';

/** Not what is only for building other programs on PostgreSQL. */
const isNeeded = (path: string) =>
  !/\.a$|^(include|lib\/pkgconfig|lib\/postgresql\/pgxs)(\/|$)|^pg-symlinks\.json$/.test(path);

export interface PostgresPart {
  readonly version: string;
  readonly sha256: string;
  /** The checksum of the list of files in the archive. */
  readonly listSha256: string;
  readonly file: string;
}

export function postgresPart(root: string, name: string): PostgresPart {
  const folder = packageFolder(root, name);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  // The packer shapes the result, so it is part of the key.
  const packer = [import.meta.filename, join(root, 'src/host/postgres/archive.ts')].map((file) => readFileSync(file));
  const recipe = createHash('sha256').update(Buffer.concat(packer)).update(process.version).digest('hex').slice(0, 12);
  const file = join(cache, `${name.replaceAll('/', '+')}-${version}-${recipe}.zst`);
  if (!existsSync(file)) {
    linkLibraries(join(folder, 'native'));
    mkdirSync(cache, { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, pack(join(folder, 'native'), isNeeded));
    renameSync(unfinished, file);
  }
  const archive = readFileSync(file);
  return { version, sha256: hash('sha256', archive), listSha256: hash('sha256', listIn(archive)), file };
}
