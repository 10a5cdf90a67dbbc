import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { admin, product } from '../acceptance/client.ts';
import { postmasterOf } from '../../src/host/postgres/postmaster-file.ts';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { administrator, freePort, start, temporaryFolder, type RunningProgram } from '../support/running-program.ts';
import { broken } from './invariants.ts';
import { forShoppers, Shopper } from './traffic.ts';

const rounds = 4;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Kills the program by `kill` in the middle of traffic, several times, and returns what is wrong in the end. */
async function survive(
  environment: Record<string, string>,
  kill: (program: RunningProgram) => Promise<void>,
  sql: () => Promise<pg.Client>,
) {
  // The same port throughout: the customers know no other.
  const port = String(await freePort());
  const restart = () => start({ ...forShoppers, ...environment, PORT: port });
  let program = await restart();
  closers.push(() => program.stop());

  const keeper = await admin(program.url, administrator);
  const skus: string[] = [];
  for (let n = 0; n < 4; n++) skus.push((await product({ stock: 1_000_000 }, keeper)).sku);
  const shoppers = await Promise.all(Array.from({ length: 6 }, () => Shopper.register(program.url, skus)));

  const shopping = shoppers.map((shopper) => shopper.shop());
  const answered = () => shoppers.flatMap(({ attempts }) => attempts).filter(({ answer }) => answer?.id).length;
  // At any moment, but not before there is something to lose.
  const untilMoreIsAtStake = async () => {
    const before = answered();
    await expect.poll(answered).toBeGreaterThan(before + 25);
    await delay(Math.random() * 1_200);
  };
  for (let round = 0; round < rounds; round++) {
    await untilMoreIsAtStake();
    await kill(program);
    program = await restart();
  }
  await untilMoreIsAtStake();
  for (const shopper of shoppers) shopper.stop();
  await Promise.all(shopping);
  await Promise.all(shoppers.map((shopper) => shopper.insist()));

  const client = await sql();
  closers.push(() => client.end());
  const settled = await untilSettled(client);
  const complaints = (await Promise.all(shoppers.map((shopper) => shopper.complaints()))).flat();
  const { rows } = await client.query<{ status: string; count: number }>(
    'SELECT status, count(*)::int FROM orders.orders GROUP BY status',
  );
  const orders = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  return { settled, complaints, orders, interrupted: shoppers.reduce((sum, shopper) => sum + shopper.interrupted, 0) };
}

function expectNothingLost({ settled, complaints, orders, interrupted }: Awaited<ReturnType<typeof survive>>): void {
  expect(settled).toEqual([]);
  expect(complaints).toEqual([]);
  // Or nothing was at stake.
  expect(orders.paid).toBeGreaterThan(20);
  expect(orders.cancelled).toBeGreaterThan(20);
  expect(interrupted).toBeGreaterThan(rounds);
}

/** Waits until nothing is under way any more, at most five minutes, and returns what is broken then. */
async function untilSettled(client: pg.Client): Promise<string[]> {
  let found = await broken(client);
  for (const deadline = Date.now() + 300_000; found.length > 0 && Date.now() < deadline; found = await broken(client)) {
    await delay(250);
  }
  return found;
}

describe('killed in the middle of traffic and started again', () => {
  it('the program on a server of its own keeps every promise', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const outcome = await survive(
      { DATABASE_URL: url },
      async (program) => void (await program.stop('SIGKILL')),
      async () => connected({ connectionString: url }),
    );
    expectNothingLost(outcome);
  });

  it('the program with its embedded database, killed with it, keeps every promise', async () => {
    const folder = await temporaryFolder();
    closers.push(folder.remove);
    const outcome = await survive(
      { DATA_DIR: folder.path },
      async (program) => {
        const postmaster = embeddedPostmaster(folder.path);
        process.kill(postmaster.pid, 'SIGKILL');
        await program.stop('SIGKILL');
      },
      async () => connected(embeddedPostmaster(folder.path).connection),
    );
    expectNothingLost(outcome);
  });
});

async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  return client;
}

function embeddedPostmaster(dataDir: string): { pid: number; connection: pg.ClientConfig } {
  const folder = join(dataDir, 'postgres');
  const postmaster = postmasterOf(folder);
  if (!postmaster) throw new Error('There is no embedded database to kill.');
  const { pid, host, port } = postmaster;
  const password = readFileSync(join(folder, 'fissile.password'), 'utf8');
  return { pid, connection: { host: host!, port, user: 'postgres', password, database: 'fissile' } };
}
