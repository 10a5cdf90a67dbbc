/** Every module in a process of its own, two each of those that sell, and what can happen to them. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findModules } from '../../src/host/modules.ts';
import { admin, product } from '../acceptance/client.ts';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { administrator, temporaryFolder, type RunningProgram } from '../support/running-program.ts';
import { tcpLink, type TcpLink } from '../support/tcp-link.ts';
import { processesOf, startTopology, writeTopology } from '../support/topologies.ts';
import { runAcceptance } from '../topologies/run-acceptance.ts';
import { fragileBrokers } from './brokers.ts';
import { gather, type GatheredDatabases } from './gathered-databases.ts';
import { broken } from './invariants.ts';
import { forShoppers, Shopper } from './traffic.ts';
import { Watch } from './watch.ts';

const modules = await findModules();
const replicas = { orders: 2, payments: 2 };

for (const { name, missing, hang, faults, open } of fragileBrokers) {
  const need = missing === undefined ? '' : ` (${missing})`;
  describe.skipIf(missing)(`the split over ${name}${need}`, () => {
    const closers: (() => Promise<unknown>)[] = [];
    let folder: string;
    let broker: Awaited<ReturnType<typeof open>>;
    let toOrdersDatabase: TcpLink;
    let toPayments: readonly TcpLink[];
    let program: RunningProgram;
    let gathered: GatheredDatabases;
    let skus: readonly string[];
    let watch: Watch;
    let shoppers: readonly Shopper[];
    let shopping: Promise<unknown>;

    beforeAll(async () => {
      const home = await temporaryFolder('fissile-split-');
      closers.push(home.remove);
      folder = home.path;
      broker = await open();
      closers.push(broker.remove);
      const urls = new Map<string, string>();
      for (const module of modules) {
        const { url, drop } = await freshDatabaseUrl();
        closers.push(drop);
        urls.set(module, url);
      }
      toOrdersDatabase = await linkTo(urls.get('orders')!, 5432);

      const file = join(folder, 'topology.yaml');
      const groups = modules.map((module) => ({
        name: module,
        modules: [module],
        replicas: replicas[module as keyof typeof replicas] ?? 1,
      }));
      const ports = await writeTopology(file, groups);
      const { grpcPort } = ports.get('payments')!;
      toPayments = await Promise.all([grpcPort, grpcPort + 1].map((port) => linkTo(`tcp://127.0.0.1:${port}`, port)));

      program = await startTopology(file, {
        DATA_DIR: join(folder, 'data'),
        EVENTS_URL: broker.url,
        ...forShoppers,
        PAYMENTS_URL: toPayments.map(({ port }) => `127.0.0.1:${port}`).join(','),
        ...Object.fromEntries([...urls].map(([module, url]) => [`${module.toUpperCase()}_DATABASE_URL`, url])),
        ORDERS_DATABASE_URL: through(toOrdersDatabase, urls.get('orders')!),
      });
      closers.push(() => program.stop());
      gathered = await gather(urls);
      closers.push(gathered.drop);

      const keeper = await admin(program.url, administrator);
      skus = await Promise.all(
        Array.from({ length: 4 }, async () => (await product({ stock: 1_000_000 }, keeper)).sku),
      );
      watch = await Watch.begin(program.url, skus[0]!);
      shoppers = await Promise.all(Array.from({ length: 3 }, () => Shopper.register(program.url, skus)));
      shopping = Promise.all(shoppers.map((shopper) => shopper.shop()));
      await watch.untilWell();
    });
    afterAll(async () => {
      for (const close of closers.splice(0).reverse()) await close();
    });

    async function linkTo(url: string, usualPort: number): Promise<TcpLink> {
      const { hostname, port } = new URL(url);
      const link = await tcpLink({ host: hostname, port: Number(port || usualPort) });
      closers.push(() => link.close());
      return link;
    }

    /** Breaks something by `harm`, waits until all works again, and returns what was asked for meanwhile. */
    async function during(fault: string, harm: () => Promise<unknown>) {
      watch.fault(fault);
      await harm();
      await watch.untilWell();
      watch.note();
      const asked = watch.since();
      const failures = Object.values(asked)
        .flat()
        .filter(({ outcome }) => outcome !== 'ok');
      // Nothing else is an honest answer: try again, and when.
      expect(failures.filter(({ outcome }) => !['503', 'unpaid', 'no answer'].includes(outcome))).toEqual([]);
      expect(failures.filter(({ outcome, retryAfter }) => outcome === '503' && !retryAfter)).toEqual([]);
      return new Set(failures.map(({ what }) => what));
    }

    /** The process that runs `module`, or the first or second of those that do. */
    const processOf = (module: string, index = 0) =>
      processesOf(program.process.pid!)
        .filter(({ modules: here }) => here === module)
        .toSorted((one, other) => one.port - other.port)[index]!;

    it.each([
      ['the gateway', 'gateway', 0, ['look at a product', 'see my profile', 'pay an order']],
      ['auth', 'auth', 0, ['see my profile', 'pay an order']],
      ['users', 'users', 0, ['see my profile']],
      ['one process of orders', 'orders', 0, ['look at a product', 'pay an order']],
      ['the other process of orders', 'orders', 1, ['look at a product', 'pay an order']],
      ['one process of payments', 'payments', 0, ['pay an order']],
      ['the other process of payments', 'payments', 1, ['pay an order']],
    ])('goes on after %s was killed, and no more fails than what needs it', async (name, module, index, mayFail) => {
      const { pid } = processOf(module, index);
      const failing = await during(`${name} killed`, async () => {
        const restarts = () => program.output().match(/Ready again after/g)?.length ?? 0;
        const before = restarts();
        process.kill(pid, 'SIGKILL');
        await expect.poll(restarts).toBe(before + 1);
      });
      expect(processOf(module, index).pid).not.toBe(pid);
      expect([...failing].filter((what) => !mayFail.includes(what))).toEqual([]);
    });

    it.each(faults)('takes orders through %s, and catches up', async (fault) => {
      const failing = await during(fault, broker.faults[fault]!);
      expect([...failing]).toEqual([]);
    });

    it('leaves a process out that hangs', async () => {
      const { pid } = processOf('orders', 1);
      const failing = await during(`one process of orders hung for ${hang / 1_000} s`, async () => {
        process.kill(pid, 'SIGSTOP');
        await delay(hang);
        process.kill(pid, 'SIGCONT');
      });
      expect(failing).not.toContain('see my profile');
    });

    it('pays nothing while orders and payments are apart, shows everything else, and pays afterwards', async () => {
      const failing = await during('no way to payments for 4 s', async () => {
        for (const link of toPayments) {
          link.refuse();
          link.breakAll();
        }
        await delay(4_000);
        for (const link of toPayments) link.accept();
      });
      expect(failing).not.toContain('see my profile');
      expect(failing).not.toContain('look at a product');
    });

    it('is slow where a database is, and nowhere else', async () => {
      const failing = await during('the database of orders slower by 200 ms for 4 s', async () => {
        toOrdersDatabase.delay = 200;
        await delay(4_000);
        toOrdersDatabase.delay = 0;
      });
      expect(failing).not.toContain('see my profile');
    });

    it('has lost no order in all of that, charged none twice, and left none unfinished', async () => {
      const paid = async () =>
        Number(
          (await gathered.client.query("SELECT count(*)::int FROM orders.orders WHERE status = 'paid'")).rows[0].count,
        );
      // Or nothing was at stake.
      await expect.poll(paid).toBeGreaterThan(100);
      await watch.end();
      for (const shopper of shoppers) shopper.stop();
      await shopping;
      console.log(`\n${watch.table()}\n`);
      await Promise.all(shoppers.map((shopper) => shopper.insist()));
      await expect.poll(() => broken(gathered.client), { timeout: 300_000, interval: 500 }).toEqual([]);
      expect((await Promise.all(shoppers.map((shopper) => shopper.complaints()))).flat()).toEqual([]);
    });

    it('passes the acceptance suite afterwards', async () => {
      const { failures, numPassedTests } = await runAcceptance(program.url, folder);
      expect(failures).toEqual([]);
      expect(numPassedTests).toBeGreaterThan(40);
    });
  });
}

const through = (link: TcpLink, url: string): string => {
  const changed = new URL(url);
  changed.hostname = '127.0.0.1';
  changed.port = String(link.port);
  return changed.href;
};
