/** Copies of a server that is at work meanwhile, and what comes out of them. */
import { execFileSync } from 'node:child_process';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { embeddedServers } from '../../../tests/support/embedded-servers.ts';
import { attachToEmbedded } from './attach.ts';
import { writeBackup } from './backup-file.ts';
import { baseBackup } from './base-backup.ts';
import { restoreBackup } from './restored.ts';
import { tarOf, type TarEntry } from './tar-entries.ts';

const { newFolder, usedFolder, start } = embeddedServers();
const facts = { version: '0.0.0', postgresql: '18.4', time: new Date().toISOString() };

/** Calls `act` when an entry has been copied. */
async function* between(entries: AsyncIterable<TarEntry>, act: (path: string) => unknown): AsyncGenerator<TarEntry> {
  for await (const entry of entries) {
    yield entry;
    await act(entry.path);
  }
}

/** Over a session of its own, as the command does it; the name of the archive. */
async function backedUp(dataDir: string, act: (path: string) => unknown = () => {}): Promise<string> {
  const session = (await attachToEmbedded(dataDir))!;
  const file = `${newFolder()}.tar.gz`;
  try {
    const entries = between(baseBackup(session, dataDir), act);
    await writeBackup(file, { entries, facts, signal: new AbortController().signal, onProgress: () => {} });
    return file;
  } finally {
    await session.end();
  }
}

async function restored(file: string): Promise<pg.Client> {
  const dataDir = newFolder();
  await restoreBackup(file, dataDir, () => {});
  return (await start(dataDir)).admin;
}

const pathOf = async (client: pg.Client, table: string) =>
  `postgres/${(await client.query<{ path: string }>('SELECT pg_relation_filepath($1) AS path', [table])).rows[0]!.path}`;

describe('a backup of a server that works', () => {
  it('is of one moment, whatever changes while it is copied', async () => {
    const dataDir = usedFolder();
    const { admin } = await start(dataDir);
    await admin.query(`CREATE TABLE pockets (name text PRIMARY KEY, coins int); INSERT INTO pockets VALUES ('left', 100), ('right', 0);
      CREATE TABLE gone AS SELECT generate_series(1, 10000)`);
    await admin.query('CHECKPOINT');
    const pockets = await pathOf(admin, 'pockets');
    let acted = 0;
    const file = await backedUp(dataDir, async (path) => {
      if (path !== pockets) return;
      acted++;
      await admin.query(
        `UPDATE pockets SET coins = 100 - coins; DROP TABLE gone; CREATE TABLE "new" AS SELECT generate_series(1, 1000) AS n`,
      );
      await admin.query('CREATE DATABASE another');
      // Now the copy is older than what PostgreSQL itself would begin with.
      await admin.query('CHECKPOINT');
    });
    expect(acted).toBe(1);

    const copy = await restored(file);
    expect((await copy.query('SELECT * FROM pockets ORDER BY name')).rows).toEqual([
      { name: 'left', coins: 0 },
      { name: 'right', coins: 100 },
    ]);
    expect((await copy.query('SELECT sum(n)::int FROM "new"')).rows).toEqual([{ sum: 500_500 }]);
    expect(
      (
        await copy.query(
          "SELECT to_regclass('gone') AS gone, (SELECT count(*)::int FROM pg_database WHERE datname = 'another') AS others",
        )
      ).rows,
    ).toEqual([{ gone: null, others: 1 }]);
  });

  it('has all that was committed before, and tables and indexes that agree, when many write at once', async () => {
    const dataDir = usedFolder();
    const { admin } = await start(dataDir);
    await admin.query(
      'CREATE EXTENSION amcheck; CREATE TABLE entries (id bigserial PRIMARY KEY, batch int, amount int, note text); CREATE INDEX ON entries (batch, amount)',
    );
    const done = new AbortController();
    let batches = 0;
    const writers = Array.from({ length: 4 }, async () => {
      const client = (await attachToEmbedded(dataDir))!;
      while (!done.signal.aborted) {
        // Each batch sums up to nothing.
        const batch = ++batches;
        await client.query(
          "INSERT INTO entries (batch, amount, note) SELECT $1::int, n, repeat('x', 200) FROM generate_series(-20, 20) AS n",
          [batch],
        );
        await client.query('UPDATE entries SET amount = -amount WHERE batch = $1', [batch]);
        await client.query('DELETE FROM entries WHERE batch = $1', [batch - 50]);
      }
      await client.end();
    });
    await expect.poll(() => batches, { timeout: 30_000 }).toBeGreaterThan(300);
    const { rows: before } = await admin.query<{ last: number }>('SELECT max(batch) AS last FROM entries');
    const file = await backedUp(dataDir);
    const during = batches;
    done.abort();
    await Promise.all(writers);
    expect(during).toBeGreaterThan(before[0]!.last + 10);

    const copy = await restored(file);
    const { rows } = await copy.query<{ last: number; uneven: number }>(
      `SELECT max(batch) AS last, (SELECT count(*)::int FROM (SELECT FROM entries GROUP BY batch HAVING sum(amount) <> 0 OR count(*) <> 41) AS batches) AS uneven
        FROM entries`,
    );
    expect(rows[0]!.last).toBeGreaterThanOrEqual(before[0]!.last);
    expect(rows[0]!.uneven).toBe(0);
    // Reads every page of every table, with its checksum, and looks every row up in the indexes.
    await copy.query(`SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
      JOIN pg_am ON pg_am.oid = relam WHERE amname = 'btree' AND relpersistence = 'p'`);
    expect(
      (await copy.query("SELECT relname FROM pg_class, verify_heapam(pg_class.oid) WHERE relkind = 'r'")).rows,
    ).toEqual([]);
  });

  it('leaves out what belongs to the server that runs, and has the log last, from its beginning on', async () => {
    const dataDir = usedFolder();
    await start(dataDir);
    const file = await backedUp(dataDir);
    const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
    expect(names).toEqual(
      expect.arrayContaining([
        'postgres/PG_VERSION',
        'postgres/fissile.password',
        'postgres/pg_replslot/',
        'postgres/pg_notify/',
      ]),
    );
    expect(
      names.filter((name) =>
        /postmaster|\.s\.PGSQL|pg_internal|pg_replslot\/.|pg_stat_tmp\/.|pg_subtrans\/./.test(name),
      ),
    ).toEqual([]);
    const control = names.indexOf('postgres/global/pg_control');
    const label = execFileSync('tar', ['-xzOf', file, 'postgres/backup_label'], { encoding: 'utf8' });
    const [, first] = /\(file ([0-9A-F]{24})\)/.exec(label) ?? [];
    expect(names.slice(control + 1, control + 3)).toEqual(['postgres/backup_label', `postgres/pg_wal/${first}`]);
    expect(names.at(-1)).toBe('fissile-backup.json');
  });

  it('holds as much of the log as was written meanwhile, though PostgreSQL would have thrown it away', async () => {
    const dataDir = usedFolder();
    const { admin } = await start(dataDir);
    await admin.query('CREATE TABLE steps (n int)');
    let step = 0;
    const file = await backedUp(dataDir, async (path) => {
      if (!/^postgres\/global\/\d+$/.test(path) || step >= 4) return;
      await admin.query(`INSERT INTO steps VALUES (${++step}); SELECT pg_switch_wal()`);
      await admin.query('CHECKPOINT');
    });
    expect(step).toBe(4);
    expect((await (await restored(file)).query('SELECT max(n) AS last FROM steps')).rows).toEqual([{ last: 4 }]);
  });

  it('ends with its session and leaves nothing in the server', async () => {
    const dataDir = usedFolder();
    const { admin } = await start(dataDir);
    const session = (await attachToEmbedded(dataDir))!;
    const slots = async () => (await admin.query('SELECT FROM pg_replication_slots')).rowCount;
    const bytes = tarOf(baseBackup(session, dataDir));
    for (let n = 0; n < 5; n++) await bytes.next();
    expect(await slots()).toBe(1);
    await session.end();
    await expect.poll(slots).toBe(0);
    await bytes.return(undefined);
    await restored(await backedUp(dataDir));
  });

  it('fails when the server ends before it', async () => {
    const dataDir = usedFolder();
    const server = await start(dataDir);
    const outcome = backedUp(dataDir, (path) => (path === 'postgres' ? server.stop() : undefined));
    await expect(outcome).rejects.toThrow(/^The database broke off the backup: [^\n]+\. Try again\.$/);
  });
});
