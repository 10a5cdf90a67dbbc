/**
 * The Node and the PostgreSQL that go into the file: the packages of node_modules for this platform; for another one
 * those of the same versions, brought from the registry and checked against package-lock.json.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StopBuild } from './stop-build.ts';

/** The folder of what was downloaded or built once. */
export const cache = process.env.FISSILE_BUILD_CACHE || join(homedir(), '.cache', 'fissile-build');

/** The folder of a package's files. */
export function packageFolder(root: string, name: string): string {
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'package.json'))) return installed;
  const { version, integrity } = lockedPackage(root, name);
  const folder = join(cache, `${name.replaceAll('/', '+')}-${version}`);
  if (!existsSync(folder)) download(name, version, integrity, folder);
  return join(folder, 'package');
}

function lockedPackage(root: string, name: string): { version: string; integrity: string } {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version: string; integrity: string } | undefined>;
  };
  const locked = packages[`node_modules/${name}`];
  if (!locked) throw new StopBuild(`package-lock.json has no ${name}. Run npm install.`);
  return locked;
}

function download(name: string, version: string, integrity: string, folder: string): void {
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    const printed = execFileSync('npm', ['pack', `${name}@${version}`, '--json', '--pack-destination', unfinished], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // npm prints a list, or from version 12 on one entry by name.
    const [packed] = Object.values(JSON.parse(printed) as Record<string, { filename: string }>);
    const file = join(unfinished, packed!.filename.replace('@', '').replace('/', '-'));
    const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (digest !== integrity)
      throw new StopBuild(
        `${name}@${version} from the registry is not what package-lock.json says. Nothing was built.`,
      );
    execFileSync('tar', ['-xzf', file, '-C', unfinished]);
    rmSync(file);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (error instanceof StopBuild) throw error;
    throw new StopBuild(
      `${name}@${version} could not be brought from the registry: ${(error as Error).message.split('\n')[0]}`,
    );
  }
}
