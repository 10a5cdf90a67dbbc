/** `backup FILE`: the embedded database and what else is data, as one file, while the program runs or is stopped. */
import { resolve } from 'node:path';
import type pg from 'pg';
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { ownDatabaseUrl, readConfiguration } from '../configuration.ts';
import { checkEmbedded } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { checkPlace, writeBackup } from '../postgres/backup-file.ts';
import { baseBackup } from '../postgres/base-backup.ts';
import { openExistingPostgres } from '../postgres/existing.ts';
import { givenDatabases } from '../postgres/own-databases.ts';
import { entriesBelow, type TarEntry } from '../postgres/tar-entries.ts';
import { StartupError } from '../startup-error.ts';
import { stopSignal } from '../stop-signal.ts';
import { topologyOf } from '../stored-data.ts';
import { version } from '../version.ts';

/** Milliseconds from one line to the next for a person who waits. */
const pause = 10_000;
const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000)} MB`;

export const command: Command = {
  takes: ['FILE'],
  summary: 'write the data into a file, while the program runs',
  description: `
Writes the embedded database, as it is at one moment, and the certificates of DATA_DIR into FILE, a compressed tar archive
(.tar.gz) that only you can read. The program may be running meanwhile, alone or with --topology, and waits for nothing. Run
it as the user that runs the program. FILE appears when it is complete, holds everything stored before the command began, and
never replaces a file. Keep it on another disk than the data, with enough room for it.

With DATABASE_URL the data is on that server: back it up there, for example with pg_dump. Messages that a broker (EVENTS_URL)
holds are not in the backup.`,
  flags: { '--topology <FILE>': 'refuse where there is no data of this topology' },
  json: '{"file", "bytes", "version", "postgresql", "time"}',
  settings: ['DATA_DIR'],
  exitCodes: { 0: 'FILE is complete', 1: 'failed and left nothing' },
  failure: 'Not backed up:',
  run: (line, file) => backup(line, file!),
};

async function backup({ environment, topology: topologyFile }: CommandLine, name: string): Promise<Answer> {
  const configuration = readConfiguration(environment);
  const modules = await findModules();
  const topology =
    topologyFile === undefined ? undefined : await topologyOf(topologyFile, configuration, modules, environment);
  const elsewhere = checkEmbedded(configuration, environment, modules);
  const [file, dataDir] = [resolve(name), resolve(configuration.dataDir)];
  checkPlace(file);
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  const stopped = new AbortController();
  void stopSignal().then(() => stopped.abort());
  try {
    const session = await openExistingPostgres({ dataDir, connections: 1, announce: say }, opened);
    const here = modules.filter((module) => ownDatabaseUrl(module, environment) === undefined);
    if (topology && (await givenDatabases(session, here, topology.databaseNameOf)).length === 0) {
      throw new StartupError(
        `There is no data of ${topologyFile} in ${dataDir}. Say with DATA_DIR where it is, or leave --topology out.`,
      );
    }
    const { postgresql, size } = await lookAt(session);
    say(`Backing up ${dataDir}, ${megabytes(size)}.`);
    if (elsewhere.length > 0)
      say(`What lies on the servers of ${elsewhere.join(', ')} is not in it. Back it up there.`);
    const facts = { version, postgresql, time: new Date().toISOString() };
    const bytes = await writeBackup(file, {
      entries: dataIn(dataDir, session),
      facts,
      signal: stopped.signal,
      onProgress: teller(size),
    });
    return { lines: [`${file}: ${megabytes(bytes)}.`], json: { file, bytes, ...facts } };
  } finally {
    await opened.closeAll();
  }
}

async function lookAt(session: pg.Client): Promise<{ postgresql: string; size: number }> {
  const {
    rows: [found],
  } = await session.query<{ level: string; postgresql: string; size: string }>(
    `SELECT current_setting('wal_level') AS level, current_setting('server_version') AS postgresql,
      (SELECT sum(pg_database_size(oid)) FROM pg_database) AS size`,
  );
  if (found!.level === 'minimal') {
    throw new StartupError(
      'The running program is an older version, which cannot be backed up while it runs. Stop it, or start this version in its place.',
    );
  }
  return { postgresql: found!.postgresql, size: Number(found!.size) };
}

/** The database last, so that nothing is older than what it tells of. */
async function* dataIn(dataDir: string, session: pg.Client): AsyncGenerator<TarEntry> {
  yield* entriesBelow(dataDir, 'certificates');
  yield* baseBackup(session, dataDir);
}

function teller(size: number): (bytes: number) => void {
  let next = performance.now() + pause;
  return (bytes) => {
    if (performance.now() < next) return;
    next = performance.now() + pause;
    say(`${megabytes(bytes)} of about ${megabytes(size)}.`);
  };
}
