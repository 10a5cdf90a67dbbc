/** A backup put in the place of a database that is not there: whole and of a version that we run, or not at all. */
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { backedUp, readBackup, type BackupFacts } from './backup-file.ts';
import { broughtVersion } from './binaries.ts';
import { accountFor, cannotWrite, makeFolder, removeUnfinished } from './cluster.ts';
import { startEmbeddedPostgres } from './embedded.ts';
import { checkNotNewer } from './noted-migrations.ts';

/** `announce` takes a line for the person who waits. */
export async function restoreBackup(
  file: string,
  dataDir: string,
  announce: (line: string) => void,
): Promise<BackupFacts> {
  const folder = join(dataDir, 'postgres');
  if (existsSync(folder))
    throw new StartupError(
      `There is a database in ${folder} already. Stop the program that uses it, and move it away: mv ${folder} ${folder}.before`,
    );
  if (!existsSync(file)) throw new StartupError(`There is no file ${file}.`);
  makeFolder(dataDir);
  removeUnfinished(dataDir);
  const unfinished = `${folder}.${process.pid}.new`;
  const placed: string[] = [];
  try {
    mkdirSync(unfinished, { mode: 0o700 });
    announce(`Unpacking ${file}.`);
    const facts = readBackup(file, unfinished, process.getuid?.() === 0 ? statSync(dataDir) : undefined);
    checkVersion(file, facts);
    checkNotNewer(join(unfinished, 'postgres'));
    giveToAccount(join(unfinished, 'postgres'), dataDir);
    for (const name of backedUp) {
      if (!existsSync(join(unfinished, name)) || existsSync(join(dataDir, name))) continue;
      renameSync(join(unfinished, name), join(dataDir, name));
      placed.push(join(dataDir, name));
    }
    announce('Starting PostgreSQL on it once, as a check.');
    const { admin, stop } = await startEmbeddedPostgres({ dataDir, connections: 1, announce });
    await admin.end();
    await stop();
    return facts;
  } catch (error) {
    for (const path of placed) rmSync(path, { recursive: true, force: true });
    throw cannotWrite(folder, error);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function checkVersion(file: string, { postgresql, version }: BackupFacts): void {
  const [[theirs], [ours]] = [postgresql.split('.'), broughtVersion()?.split('.') ?? []];
  if (ours === undefined || theirs === ours) return;
  throw new StartupError(
    `${file} was written by PostgreSQL ${theirs}, and this is PostgreSQL ${ours}. Restore it with the version of the program that wrote it, ${version}.`,
  );
}

/** As root, whom PostgreSQL does not run as. */
function giveToAccount(folder: string, dataDir: string): void {
  const account = accountFor(dataDir);
  if (!account) return;
  for (const name of ['.', ...(readdirSync(folder, { recursive: true }) as string[])])
    chownSync(join(folder, name), account.uid, account.gid);
}
