/** `backup FILE`: the embedded database and what else is data, as one file, while the program runs or is stopped. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import { createLogger } from '#platform/observability/create-logger.ts';
import { readConfiguration, type Environment } from '../configuration.ts';
import { checkEmbedded } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { attachToEmbedded } from '../postgres/attach.ts';
import { checkPlace, writeBackup } from '../postgres/backup-file.ts';
import { baseBackup } from '../postgres/base-backup.ts';
import { startEmbeddedPostgres } from '../postgres/embedded.ts';
import { entriesBelow, type TarEntry } from '../postgres/tar-entries.ts';
import { StartupError } from '../startup-error.ts';
import { stopSignal } from '../stop-signal.ts';
import { version } from '../version.ts';

/** Milliseconds from one line to the next for a person who waits. */
const pause = 10_000;
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;

export async function backup(environment: Environment, name: string, json: boolean): Promise<number> {
  const configuration = readConfiguration(environment);
  const elsewhere = checkEmbedded(configuration, environment, await findModules());
  const [file, dataDir] = [resolve(name), resolve(configuration.dataDir)];
  checkPlace(file);
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  const stopped = new AbortController();
  void stopSignal().then(() => stopped.abort());
  try {
    const session = await openSession(dataDir, opened);
    const { postgresql, size } = await lookAt(session);
    say(`Backing up ${dataDir}, ${megabytes(size)}.`);
    if (elsewhere.length > 0) say(`What lies on the servers of ${elsewhere.join(', ')} is not in it. Back it up there.`);
    const facts = { version, postgresql, time: new Date().toISOString() };
    const bytes = await writeBackup(file, { entries: dataIn(dataDir, session), facts, signal: stopped.signal, onProgress: teller(size) });
    console.log(json ? JSON.stringify({ file, bytes, ...facts }) : `${file}: ${megabytes(bytes)}.`);
    return 0;
  } finally {
    await opened.closeAll();
  }
}

/** On the server of the program that runs, or on one of our own. */
async function openSession(dataDir: string, opened: Opened): Promise<pg.Client> {
  const folder = join(dataDir, 'postgres');
  if (!existsSync(folder)) throw new StartupError(`There is no database in ${folder}. Say with DATA_DIR where it is.`);
  const running = await attachToEmbedded(dataDir);
  if (running) {
    opened.add('the session', () => running.end());
    return running;
  }
  const { admin, stop } = await startEmbeddedPostgres({ dataDir, connections: 1, announce: say });
  opened.add('the embedded PostgreSQL', stop);
  opened.add('the session', () => admin.end());
  return admin;
}

async function lookAt(session: pg.Client): Promise<{ postgresql: string; size: number }> {
  const { rows: [found] } = await session.query<{ level: string; postgresql: string; size: string }>(
    `SELECT current_setting('wal_level') AS level, current_setting('server_version') AS postgresql,
      (SELECT sum(pg_database_size(oid)) FROM pg_database) AS size`,
  );
  if (found!.level === 'minimal') {
    throw new StartupError('The program that runs is of an older version, which cannot be backed up while it runs. Stop it, or start this version in its place.');
  }
  return { postgresql: found!.postgresql, size: Number(found!.size) };
}

/** The database last, so that nothing is older than what it tells of. */
async function* dataIn(dataDir: string, session: pg.Client): AsyncGenerator<TarEntry> {
  yield* entriesBelow(dataDir, 'certificates');
  yield* baseBackup(session, dataDir);
}

function teller(size: number): (bytes: number) => void {
  let next = Date.now() + pause;
  return (bytes) => {
    if (Date.now() < next) return;
    next = Date.now() + pause;
    say(`${megabytes(bytes)} of about ${megabytes(size)}.`);
  };
}
