/**
 * Which migrations the data has, in a file beside it. The truth is in the databases, but to ask them the server must
 * start, and that writes: an older program looks here first, and leaves the data of a newer one as it is.
 */
import { lchownSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { unknownMigration } from './migrate.ts';
import { isFormerPlatformMigration, migrationsOf, platformPrefix } from './migrations.ts';

/** By module. */
const Noted = z.record(z.string(), z.array(z.string()));
type Noted = z.output<typeof Noted>;

const noteIn = (folder: string) => join(folder, 'fissile.migrations');

/** Refuses what a newer version has migrated. `folder` is the server's. */
export function checkNotNewer(folder: string): void {
  for (const [module, names] of Object.entries(notedIn(folder))) {
    const { platform, own } = migrationsOf(module);
    const known = new Set([...platform, ...own].map(({ name }) => name));
    // Migrations of a folder that is no module any more do not matter, nor the names of release 0.1 for the platform's.
    const concerns = (name: string) =>
      name.startsWith(platformPrefix) || (own.length > 0 && !isFormerPlatformMigration(name));
    const unknown = names.find((name) => concerns(name) && !known.has(name));
    if (unknown !== undefined) throw unknownMigration(module, unknown);
  }
}

/** All migrations that this program has for these modules have been applied. */
export function noteMigrations(folder: string, modules: readonly string[]): void {
  const before = notedIn(folder);
  const now = { ...before, ...Object.fromEntries(modules.map((module) => [module, namesOf(module)])) };
  if (JSON.stringify(now) === JSON.stringify(before)) return;
  const unfinished = `${noteIn(folder)}.${process.pid}.new`;
  // The folder belongs to PostgreSQL's account: as root we follow no link that it may have put there.
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(now)}\n`, { mode: 0o600, flag: 'wx', flush: true });
  const { uid, gid } = statSync(folder);
  if (process.getuid?.() === 0) lchownSync(unfinished, uid, gid);
  renameSync(unfinished, noteIn(folder));
}

/** Nothing where it cannot be read: then the databases tell. */
function notedIn(folder: string): Noted {
  try {
    return Noted.parse(JSON.parse(readFileSync(noteIn(folder), 'utf8')));
  } catch {
    return {};
  }
}

function namesOf(module: string): string[] {
  const { platform, own } = migrationsOf(module);
  return [...platform, ...own].map(({ name }) => name);
}
