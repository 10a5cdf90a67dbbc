/** A shop is backed up while people buy in it, and opened again elsewhere. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { findModules } from '../../src/host/modules.ts';
import { attachToEmbedded } from '../../src/host/postgres/attach.ts';
import { admin, product } from '../acceptance/client.ts';
import { broken } from '../faults/invariants.ts';
import { forShoppers, Shopper } from '../faults/traffic.ts';
import { administrator, freePort } from '../support/running-program.ts';
import { buysCoffee } from './customer.ts';
import { below, emptyFolder, ended, run, started, type FileRun } from './server.ts';

const patiently = { timeout: 90_000 };
const environment = { ...forShoppers, RATE_LIMIT_PER_MINUTE: '0' };

async function opened(program: FileRun): Promise<{ shoppers: readonly Shopper[]; close: () => Promise<void> }> {
  const keeper = await admin(program.url, administrator);
  const skus = [(await product({ stock: 1_000_000 }, keeper)).sku, (await product({ stock: 1_000_000 }, keeper)).sku];
  const shoppers = await Promise.all([1, 2, 3, 4].map(() => Shopper.register(program.url, skus)));
  const shopping = shoppers.map((shopper) => shopper.shop());
  const close = async () => {
    for (const shopper of shoppers) shopper.stop();
    await Promise.all(shopping);
  };
  onTestFinished(close);
  return { shoppers, close };
}

const answered = (shoppers: readonly Shopper[]) =>
  shoppers.flatMap(({ attempts }) =>
    attempts.flatMap(({ answer }) => (answer && answer.status < 300 && answer.id ? [answer.id] : [])),
  );

async function sql<T>(dataDir: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = (await attachToEmbedded(dataDir))!;
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const ordersIn = (dataDir: string) =>
  sql(dataDir, async (client) =>
    (await client.query<{ id: string }>('SELECT id FROM orders.orders')).rows.map(({ id }) => id),
  );

it('a backup that is taken while people buy has all that they were told before, and opens as a shop elsewhere', async () => {
  const folder = emptyFolder();
  const program = await started({ folder, environment });
  const { shoppers, close } = await opened(program);
  await expect.poll(() => answered(shoppers).length, patiently).toBeGreaterThan(40);

  const before = answered(shoppers);
  const made = await ended({ folder, args: ['backup', 'backup.tar.gz', '--json'] });
  const meanwhile = answered(shoppers).length;
  await close();
  expect(made.code, made.output).toBe(0);
  const file = join(folder, 'backup.tar.gz');
  expect(JSON.parse(made.output.split('\n').at(-1)!)).toMatchObject({
    file,
    bytes: statSync(file).size,
    postgresql: expect.stringMatching(/^18\./),
  });
  expect(meanwhile, 'bought while it was copied').toBeGreaterThan(before.length);
  expect(
    shoppers.map(({ interrupted }) => interrupted),
    'nobody noticed',
  ).toEqual([0, 0, 0, 0]);
  expect(await program.stop()).toBe(0);

  const elsewhere = emptyFolder();
  const restored = await ended({ folder: elsewhere, args: ['restore', file] });
  expect(restored.code, restored.output).toBe(0);
  expect(readdirSync(join(elsewhere, 'data')).sort()).toEqual(['postgres', 'postgres.log', 'programs']);
  const copy = await started({ folder: elsewhere, environment });
  expect(copy.output()).not.toMatch(/First start|Administrator/);
  const there = new Set(await ordersIn(join(elsewhere, 'data')));
  expect(before.filter((id) => !there.has(id))).toEqual([]);

  // Work under way is brought to its end, and then the books are right.
  await expect.poll(() => sql(join(elsewhere, 'data'), broken), patiently).toEqual([]);
  const again = await opened(copy);
  await expect.poll(() => answered(again.shoppers).length, patiently).toBeGreaterThan(10);
  await again.close();
  expect(await copy.stop()).toBe(0);
});

it('a topology, whose modules have a database each, is backed up as a whole, and its migrations are noted', async () => {
  const [folder, port, modules] = [emptyFolder(), String(await freePort()), await findModules()];
  writeFileSync(
    join(folder, 'one.yaml'),
    `events: memory\nprocesses:\n  all:\n    modules: [gateway, ${modules.join(', ')}]\n    port: ${port}\n`,
  );
  const topology = (dataDir: string) =>
    started({
      folder,
      args: ['--topology', 'one.yaml'],
      environment: { ...environment, DATA_DIR: dataDir, PORT: port },
    });
  const program = await topology('data');
  expect(await buysCoffee(program)).toBe('paid');
  const noted = JSON.parse(readFileSync(join(folder, 'data/postgres/fissile.migrations'), 'utf8')) as object;
  expect(Object.keys(noted).sort()).toEqual(modules);
  expect((await ended({ folder, args: ['backup', 'backup.tar.gz'] })).code).toBe(0);
  expect(await program.stop()).toBe(0);

  expect((await ended({ folder, args: ['restore', 'backup.tar.gz'], environment: { DATA_DIR: 'other' } })).code).toBe(
    0,
  );
  const copy = await topology('other');
  const keeper = await admin(copy.url, administrator);
  expect((await keeper.get('/v1/orders')).body.data).toMatchObject([{ status: 'paid' }]);
  expect(await buysCoffee(copy)).toBe('paid');
  expect(await copy.stop()).toBe(0);
});

it('a backup that is killed leaves nothing that looks finished, a program that goes on, and room for the next', async () => {
  const folder = emptyFolder();
  const program = await started({ folder, environment });
  const { shoppers, close } = await opened(program);
  const killed = run({ folder, args: ['backup', 'backup.tar.gz'] });
  const unfinished = () => readdirSync(folder).find((name) => name.endsWith('.unfinished'));
  while (
    (unfinished() === undefined || statSync(join(folder, unfinished()!)).size === 0) &&
    killed.process.exitCode === null
  )
    await delay(1);
  await killed.stop('SIGKILL');
  expect(existsSync(join(folder, 'backup.tar.gz'))).toBe(false);
  expect(unfinished()).toMatch(/^backup\.tar\.gz\.\d+\.unfinished$/);
  const sold = answered(shoppers).length;
  await expect.poll(() => answered(shoppers).length, patiently).toBeGreaterThan(sold + 10);
  await expect
    .poll(() =>
      sql(join(folder, 'data'), async (client) => (await client.query('SELECT FROM pg_replication_slots')).rowCount),
    )
    .toBe(0);
  await close();
  expect(await program.stop()).toBe(0);

  // This one is of the program that is stopped.
  const next = await ended({
    folder,
    args: ['backup', 'backup.tar.gz'],
    environment: { ORDERS_DATABASE_URL: 'postgresql://shop@db.example.com/orders' },
  });
  expect(next.code, next.output).toBe(0);
  expect(next.output).toContain('What lies on the servers of ORDERS_DATABASE_URL is not in it.');
  expect(readdirSync(folder).sort()).toEqual(['backup.tar.gz', 'data']);
  expect(existsSync(join(folder, 'data/postgres/postmaster.pid'))).toBe(false);

  const refused = await ended({ folder, args: ['backup', 'backup.tar.gz'] });
  expect(refused.output).toBe(
    `Not backed up: ${join(folder, 'backup.tar.gz')} exists already, and is never overwritten. Choose another name, or remove it.`,
  );
  expect(refused.code).toBe(1);
});

it.each([
  ['DATABASE_URL', { DATABASE_URL: 'postgresql://shop@db.example.com/shop' }, 'DATABASE_URL'],
  [
    'a database for each module',
    Object.fromEntries(
      ['AUTH', 'ORDERS', 'PAYMENTS', 'USERS'].map((name) => [
        `${name}_DATABASE_URL`,
        'postgresql://shop@db.example.com/shop',
      ]),
    ),
    'AUTH_DATABASE_URL, ORDERS_DATABASE_URL, PAYMENTS_DATABASE_URL, USERS_DATABASE_URL',
  ],
])('with %s there is nothing to back up here, which it says', async (_what, given, named) => {
  for (const [command, prefix] of [
    ['backup', 'Not backed up:'],
    ['restore', 'Not restored:'],
  ] as const) {
    const { output, code } = await ended({ args: [command, 'backup.tar.gz'], environment: given });
    expect(output).toBe(
      `${prefix} The data is on the server that the settings name (${named}): back it up and restore it there, for example with pg_dump and pg_restore.`,
    );
    expect(code).toBe(1);
  }
});

it('without a database there is nothing to back up, and none is made', async () => {
  const folder = emptyFolder();
  const { output, code } = await ended({ folder, args: ['backup', 'backup.tar.gz'] });
  expect(output).toBe(
    `Not backed up: There is no database in ${join(folder, 'data/postgres')}. Say with DATA_DIR where it is.`,
  );
  expect(code).toBe(1);
  expect(readdirSync(folder)).toEqual([]);
});

it('wrong arguments are told', async () => {
  expect(await ended({ args: ['backup'] })).toEqual({ output: 'Use: backup FILE. Try --help.', code: 2 });
  expect(await ended({ args: ['restore', 'a', 'b'] })).toEqual({ output: 'Use: restore FILE. Try --help.', code: 2 });
});

it.skipIf(process.getuid?.() !== 0)(
  'another user than the one the data belongs to is told to be that user',
  async () => {
    const nobody = { uid: 65_534, gid: 65_534 };
    const folder = emptyFolder();
    const data = below(folder, 'data');
    const program = await started({ folder, environment: { ...environment, DATA_DIR: data } });
    const place = emptyFolder(nobody);
    const asked = () =>
      ended({ folder: place, args: ['backup', 'backup.tar.gz'], environment: { DATA_DIR: data }, user: nobody });
    const said =
      /^Not backed up: \S+data\/postgres belongs to another user \(number \d+\)\. Start the program as that user/;
    expect((await asked()).output).toMatch(said);
    await program.stop();
    expect((await asked()).output).toMatch(said);
    expect(readdirSync(place)).toEqual([]);
  },
);
