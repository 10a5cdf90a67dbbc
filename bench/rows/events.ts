import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Deadline } from '#platform/deadline.ts';
import { migrate } from '../../src/host/postgres/migrate.ts';
import { migrationsOf } from '../../src/host/postgres/migrations.ts';
import { provision } from '../../src/host/postgres/provision.ts';
import { reach } from '../../src/host/postgres/reach.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { event } from '../../src/platform/contract.ts';
import { PostgresDatabase } from '../../src/runtime/database/postgres-database.ts';
import { MemoryTransport } from '../../src/runtime/events/memory/memory-transport.ts';
import { createMessaging } from '../../src/runtime/messaging.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { compare, type Side } from '../compare.ts';
import { ownCpuTime } from '../cpu-time.ts';
import type { Row } from '../row.ts';
import { type BenchDatabase, startDatabase } from '../server.ts';

const [seller, sender] = ['bench_sales', 'bench_parcels'];
const itemSold = event('bench_sales.item-sold', 1, {
  key: 'buyer',
  payload: z.object({ id: z.int(), buyer: z.string() }),
});
const atOnce = 16;
const buyers = 1_000;
const secondsOfHalfLoad = 12;

const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };

async function openModule(name: string, table: string, { admin }: BenchDatabase) {
  const connection = (await provision(admin, [name])).get(name)!;
  const client = await reach(connection, 'DATABASE_URL');
  const own = `CREATE TABLE ${name}.${table} (id int PRIMARY KEY, buyer text)`;
  await migrate(client, name, { ...migrationsOf(name), own: [{ name: 'own', sql: own }] });
  await client.end();
  return { database: new PostgresDatabase({ schema: name, connection, logger }), connection };
}

/** Two modules in this process: one stores what it sells and says so, the other reacts by storing a parcel. */
async function openMarket(server: BenchDatabase) {
  const sales = await openModule(seller, 'sales', server);
  const parcels = await openModule(sender, 'parcels', server);
  const transport = new MemoryTransport();
  const metrics = new Metrics();
  const common = { transport, logger, metrics, clock: systemClock, sagas: [], schedules: [] };
  const reacted = new Map<number, { started(): void; committed(): void }>();
  const [sellersMessaging, sendersMessaging] = [
    createMessaging({ ...common, ...sales, module: seller, reactions: [] }),
    createMessaging({
      ...common,
      ...parcels,
      module: sender,
      reactions: [{ name: `${sender}.send`, event: itemSold, handle: () => send as never }],
    }),
  ];
  for (const messaging of [sendersMessaging, sellersMessaging]) await messaging.start();

  async function send({ id, buyer }: z.output<typeof itemSold.payload>): Promise<void> {
    const seen = reacted.get(id);
    seen?.started();
    parcels.database.afterCommit(() => seen?.committed());
    await parcels.database.query('INSERT INTO parcels VALUES ($1, $2)', [id, buyer]);
  }

  let sold = 0;
  const newSale = () => ({ id: ++sold, buyer: `buyer ${sold % buyers}` });
  return {
    /** Resolves when the reaction is durable: milliseconds from the commit to its start and to its end. */
    sell(): Promise<{ toReaction: number; toCommit: number }> {
      const { id, buyer } = newSale();
      return new Promise((resolve, reject) => {
        let committed = 0;
        let toReaction = 0;
        reacted.set(id, {
          started: () => (toReaction = performance.now() - committed),
          committed: () => resolve({ toReaction, toCommit: performance.now() - committed }),
        });
        const selling = sales.database.transaction(async () => {
          // Before the outbox hears of the commit.
          sales.database.afterCommit(() => (committed = performance.now()));
          sellersMessaging.outbox.add(itemSold, { id, buyer });
          await sales.database.query('INSERT INTO sales VALUES ($1, $2)', [id, buyer]);
        });
        selling.catch(reject);
      }).finally(() => reacted.delete(id)) as Promise<{ toReaction: number; toCommit: number }>;
    },
    /** The same two rows, and no promise that the second follows the first. */
    async sellWithoutEvents(): Promise<void> {
      const { id, buyer } = newSale();
      await sales.database.transaction(() => sales.database.query('INSERT INTO sales VALUES ($1, $2)', [id, buyer]));
      await parcels.database.transaction(() =>
        parcels.database.query('INSERT INTO parcels VALUES ($1, $2)', [id, buyer]),
      );
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([sellersMessaging, sendersMessaging].map((messaging) => messaging.drain(new Deadline(5_000))));
      await Promise.all([sellersMessaging, sendersMessaging].map((messaging) => messaging.stop()));
      await Promise.all([sales.database.close(), parcels.database.close()]);
    },
  };
}

/** As fast as it goes, with a few at once. */
const saturated = (name: string, work: () => Promise<unknown>): Side => ({
  name,
  async run(milliseconds) {
    const cpu = ownCpuTime();
    const end = performance.now() + milliseconds;
    let operations = 0;
    const worker = async () => {
      for (; performance.now() < end; operations++) await work();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return { operations, cpu: ownCpuTime() - cpu };
  },
});

/** At a steady rate, whatever the answers take. */
async function steadily<T>(perSecond: number, seconds: number, work: () => Promise<T>): Promise<T[]> {
  const underWay: Promise<T>[] = [];
  const start = performance.now();
  while (performance.now() < start + seconds * 1000) {
    const due = ((performance.now() - start) / 1000) * perSecond;
    while (underWay.length < due) underWay.push(work());
    await sleep(1);
  }
  return Promise.all(underWay);
}

const quantiles = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]!;
  return { median: at(0.5), p99: at(0.99) };
};

export const row: Row = {
  title: 'Events from one module to another',
  async run() {
    await using database = await startDatabase();
    await using market = await openMarket(database);
    const { rate, ours, peer } = await compare(
      saturated('events', market.sell),
      saturated('direct', market.sellWithoutEvents),
      { slices: 10, milliseconds: 700 },
    );
    const half = ours.perSecond / 2;
    const latencies = await steadily(half, secondsOfHalfLoad, market.sell);
    const reaction = quantiles(latencies.map(({ toReaction }) => toReaction));
    const commit = quantiles(latencies.map(({ toCommit }) => toCommit));
    const ms = ({ median, p99 }: typeof reaction) => `p50 ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    return [
      {
        ours: 'From the commit of an event to the start of its reaction in another module',
        peer: `saturation, which is ${ours.perSecond.toFixed(0)} events a second with ${atOnce} at once`,
        load: `half of that: ${half.toFixed(0)} events a second for ${secondsOfHalfLoad} s, ${buyers} keys`,
        measured: `${ms(reaction)}; to the commit of the reaction ${ms(commit)}`,
        goal: 'p99 below 20 ms',
        reached: reaction.p99 < 20,
      },
      {
        ours: 'A row, its event, and a row of another module in reaction to it',
        peer: 'the same two rows in two transactions, without outbox, inbox and delivery',
        load: `${atOnce} at once, as fast as it goes`,
        measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second); CPU without PostgreSQL ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`,
      },
    ];
  },
};
