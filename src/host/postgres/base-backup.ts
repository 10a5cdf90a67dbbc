// ADR 0051
/**
 * A copy of the whole server while it works, made as PostgreSQL's documentation says ("Making a Base Backup Using the Low
 * Level API"). The files are copied one after the other while they change, so together they are of no moment that there
 * ever was. The log of the changes meanwhile makes them so: PostgreSQL applies it when it starts on the copy.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { StartupError } from '../startup-error.ts';
import { entriesBelow, fileEntry, type TarEntry } from './tar-entries.ts';

/** Below DATA_DIR. */
const cluster = 'postgres';
const control = `${cluster}/global/pg_control`;

/** Folders of the running server, or of the log that comes at the end; PostgreSQL wants them to exist, and fills them anew. */
const emptied = [
  'pg_dynshmem',
  'pg_notify',
  'pg_replslot',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
  'pg_wal',
];
const inEmptied = new RegExp(`^${cluster}/(${emptied.join('|')})/`);
/** Traces of the server that runs and of earlier backups, temporary files, and caches that may be out of date. */
const leftOut =
  /\/(postmaster\.(pid|opts)|\.s\.PGSQL\..*|pgsql_tmp.*|pg_internal\.init.*|backup_label.*|tablespace_map.*|backup_manifest)$/;

/**
 * The files below `dataDir`, with the log last. `session` is the superuser's; backup mode, and that PostgreSQL keeps the
 * log until it is copied, end with it.
 */
export async function* baseBackup(session: pg.Client, dataDir: string): AsyncGenerator<TarEntry> {
  // First, so that what is logged from the beginning on is kept.
  await ask(
    session,
    "SELECT pg_create_physical_replication_slot('fissile_' || pg_backend_pid(), immediately_reserve => true, temporary => true)",
  );
  const [begin] = await ask<{ lsn: string }>(session, "SELECT pg_backup_start('fissile', fast => true) AS lsn");
  yield* entriesBelow(dataDir, cluster, (path) => path === control || inEmptied.test(path) || leftOut.test(path));
  yield { path: control, content: await readSettled(join(dataDir, control)) };

  const [end] = await ask<{ lsn: string; labelfile: string; spcmapfile: string }>(
    session,
    'SELECT lsn, labelfile, spcmapfile FROM pg_backup_stop(wait_for_archive => false)',
  );
  if (end!.spcmapfile)
    throw new StartupError(
      'Tablespaces lie outside of the data folder and are not backed up. Move what is in them, and drop them.',
    );
  yield { path: `${cluster}/backup_label`, content: Buffer.from(end!.labelfile) };
  for (const segment of await logFrom(session, begin!.lsn, end!.lsn)) {
    const path = `${cluster}/pg_wal/${segment}`;
    const entry = await fileEntry(dataDir, path);
    if (!entry) throw new Error(`${path} is missing.`);
    yield entry;
  }
}

/** The names of the files of the log; the end is the first byte after it. */
async function logFrom(session: pg.Client, start: string, end: string): Promise<string[]> {
  const segments = await ask<{ name: string }>(
    session,
    `SELECT DISTINCT pg_walfile_name(least($1::pg_lsn + n * size, $2::pg_lsn - 1)) AS name
      FROM (SELECT pg_size_bytes(current_setting('wal_segment_size'))::numeric AS size) AS segment,
        generate_series(0, ceil(($2::pg_lsn - $1::pg_lsn) / size)) AS n
      ORDER BY name`,
    [start, end],
  );
  return segments.map(({ name }) => name);
}

/** Asks the server; a failure means that it is ending, or cannot go on. */
async function ask<Row extends pg.QueryResultRow>(
  session: pg.Client,
  statement: string,
  values: unknown[] = [],
): Promise<Row[]> {
  try {
    return (await session.query<Row>(statement, values)).rows;
  } catch (error) {
    throw new StartupError(`The database broke off the backup: ${(error as Error).message}. Try again.`, {
      cause: error,
    });
  }
}

/** PostgreSQL writes it in place, now and then: what is read twice alike was not being written. */
async function readSettled(file: string): Promise<Buffer> {
  for (let last = await readFile(file); ;) {
    const again = await readFile(file);
    if (again.equals(last)) return again;
    last = again;
  }
}
