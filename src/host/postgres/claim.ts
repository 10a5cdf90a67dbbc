// ADR 0003
/**
 * Who may use an embedded server's data: the program that holds a lock on it, which ends with the program's
 * connection. A server without such a program was left behind by one that was killed, and is taken over.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { toolSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { StartupError } from '../startup-error.ts';
import type { Cluster } from './cluster.ts';
import { isAlive, isOfZombie, postmasterFile, postmasterOf } from './postmaster-file.ts';
import { stopServer, superuser } from './server-process.ts';

/** Any number that nobody else locks in the database `postgres`. */
const lock = 7_023_418;
const pollInterval = 10;
/** How long a server whose program has not taken the lock yet is given: it takes it as soon as it can connect. */
const claimTime = 2_000;
/** A file of a server that is dead while another process has its number: nobody answers. */
const silenceOfTheDead = 1_000;
const patience = 30_000;

const cannotConnectNow = '57P03';
const adminShutdown = '57P01';

export const claimantName = `fissile ${process.pid}`;
const pidIn = (name: string | null | undefined) => Number(/^fissile (\d+)$/.exec(name ?? '')?.[1] ?? 0);

/** A connection of the superuser; to begin with, to the database that every server has. */
export async function connectTo(
  cluster: Cluster,
  place: ConnectionSettings,
  database = 'postgres',
): Promise<pg.Client> {
  const client = new Session({
    ...place,
    settings: toolSettings,
    user: superuser,
    password: cluster.password,
    database,
    application_name: claimantName,
  });
  // It ends with the server, which is ours to notice; a statement that is under way fails by itself.
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** Takes the data for this program, as long as `client` is connected. */
export async function claim(cluster: Cluster, client: pg.Client): Promise<void> {
  const deadline = performance.now() + silenceOfTheDead;
  for (;;) {
    const { rows } = await client.query<{ mine: boolean; holder: string | null }>(
      `SELECT pg_try_advisory_lock(${lock}) AS mine, (SELECT application_name FROM pg_stat_activity JOIN pg_locks USING (pid)
        WHERE locktype = 'advisory' AND objid = ${lock} AND granted AND pid <> pg_backend_pid()) AS holder`,
    );
    const [{ mine, holder } = { mine: false, holder: null }] = rows;
    if (mine) return;
    // One that was just killed holds it until PostgreSQL has noticed.
    const pid = pidIn(holder);
    if ((pid && isAlive(pid)) || performance.now() > deadline) {
      throw new StartupError(
        `${cluster.folder} is in use by process ${pid}, another copy of this program. Stop it, or choose another folder with DATA_DIR.`,
      );
    }
    await sleep(pollInterval);
  }
}

/** Ends a server that nobody uses any more. Returns when none runs; throws when another program uses it. */
export async function takeOver(cluster: Cluster): Promise<void> {
  const start = performance.now();
  let silentSince: number | undefined;
  for (let found = postmasterOf(cluster.folder); found; found = postmasterOf(cluster.folder)) {
    let client: pg.Client | undefined;
    try {
      if (found.host === undefined)
        throw Object.assign(new Error('It has only just begun to start.'), { code: cannotConnectNow });
      client = await connectTo(cluster, { host: found.host, port: found.port });
      await waitForItsProgram(client);
      await claim(cluster, client);
      await stopServer(cluster, found.pid);
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      const silent = code === 'ENOENT' || code === 'ECONNREFUSED';
      const changing =
        code === cannotConnectNow || code === adminShutdown || message.startsWith('Connection terminated');
      if (!silent && !changing) throw error;
      silentSince = silent ? (silentSince ?? performance.now()) : undefined;
      if (silentSince && performance.now() - silentSince > silenceOfTheDead) removeTraces(cluster.folder);
      if (performance.now() - start > patience) {
        throw new StartupError(
          `A PostgreSQL server (process ${found.pid}) uses ${cluster.folder} and neither answers nor ends. Stop it, then start again.`,
        );
      }
    } finally {
      await client?.end();
    }
    await sleep(pollInterval);
  }
  if (isOfZombie(cluster.folder)) removeTraces(cluster.folder);
}

/** Removes the signs of life of a dead server, which PostgreSQL would believe where another process has its number. */
function removeTraces(folder: string): void {
  const socketFiles = readdirSync(folder).filter((name) => name.startsWith('.s.PGSQL.'));
  for (const name of socketFiles) rmSync(join(folder, name), { force: true });
  rmSync(postmasterFile(folder), { force: true });
}

/** The program that started this server, if it is alive, is about to claim it. */
async function waitForItsProgram(client: pg.Client): Promise<void> {
  const deadline = performance.now() + claimTime;
  const { rows } = await client.query<{ cluster_name: string }>('SHOW cluster_name');
  const starter = pidIn(rows[0]?.cluster_name);
  while (performance.now() < deadline) {
    if (!starter || !isAlive(starter)) return;
    const held = await client.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lock} AND granted`);
    if (held.rowCount) return;
    await sleep(pollInterval);
  }
}
