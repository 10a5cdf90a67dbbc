/**
 * The data of release 0.1.0: a shop whose program was killed while the tables payments.payments and users.inbox were locked.
 * Ada has an order that is paid, one that she cancelled after it had been paid, and one whose checkout has just begun. The
 * events of the cancellation and of Grace's registration are not published yet. Each schema as pg_dump wrote it, without
 * sessions and signing keys.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type pg from 'pg';
import { provision } from '../../src/host/postgres/provision.ts';
import { reach } from '../../src/host/postgres/reach.ts';
import { connect, freshDatabaseUrl } from './postgres.ts';

const folder = join(import.meta.dirname, 'last-release');
const stoppedAt = '2026-11-30T07:21:29Z';

export const passwordOf = (name: string) => `the long password of ${name}`;

export interface LastRelease {
  readonly url: string;
  readonly modules: readonly string[];
  /** Connected as superuser. */
  readonly client: pg.Client;
  /** Connects as the role of a module. */
  as(module: string): Promise<pg.Client>;
  drop(): Promise<void>;
}

export async function lastRelease(): Promise<LastRelease> {
  const modules = readdirSync(folder).map((file) => basename(file, '.sql'));
  const { url, drop } = await freshDatabaseUrl();
  const client = await connect(new URL(url).pathname.slice(1));
  const connections = await provision(client, modules);
  const as = (module: string) => reach(connections.get(module)!, 'DATABASE_URL');
  for (const module of modules) {
    const owner = await as(module);
    await owner.query(readFileSync(join(folder, `${module}.sql`), 'utf8'));
    await owner.end();
  }
  await moveToNow(client, modules);
  return {
    url,
    modules,
    client,
    as,
    async drop() {
      await client.end();
      await drop();
    },
  };
}

/** As if the program had been killed just now: what has a deadline has it still before it. */
async function moveToNow(client: pg.Client, modules: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ table: string; changes: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS table, string_agg(format('%1$I = %1$I + (now() - %2$L::timestamptz)', column_name, $2::text), ', ') AS changes
      FROM information_schema.columns WHERE table_schema = ANY ($1) AND data_type = 'timestamp with time zone' GROUP BY 1`,
    [modules, stoppedAt],
  );
  // Without the triggers by which some rows cannot be changed.
  await client.query(
    `SET session_replication_role TO replica; ${rows.map(({ table, changes }) => `UPDATE ${table} SET ${changes}`).join('; ')}; RESET session_replication_role`,
  );
}
