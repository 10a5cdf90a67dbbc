/** Two modules with a database each: one stores what it sells and says so, the other reacts by storing a parcel. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { Deadline } from '#platform/deadline.ts';
import { migrate } from '../src/host/postgres/migrate.ts';
import { migrationsOf } from '../src/host/postgres/migrations.ts';
import { provision } from '../src/host/postgres/provision.ts';
import { reach } from '../src/host/postgres/reach.ts';
import { systemClock } from '../src/platform/clock.ts';
import { PostgresDatabase } from '../src/runtime/database/postgres-database.ts';
import type { Transport } from '../src/runtime/events/transport.ts';
import { createMessaging } from '../src/runtime/messaging.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { itemSold, logger, newSale, seller, sender, subscription } from './sales.ts';
import type { BenchDatabase } from './server.ts';

/** A module with a table for what it has to do with each sale. */
async function openModule(name: string, { admin }: BenchDatabase) {
  const connection = (await provision(admin, [name])).get(name)!;
  const client = await reach(connection, 'DATABASE_URL');
  const own = `CREATE TABLE ${name}.done (id int PRIMARY KEY, buyer text)`;
  await migrate(client, name, { ...migrationsOf(name), own: [{ name: 'own', sql: own }] });
  await client.end();
  return { database: new PostgresDatabase({ schema: name, connection, logger }), connection };
}

export interface MarketOptions {
  /** Carries the events of the module that sells; for both where it is not said otherwise. */
  readonly selling: Transport;
  readonly sending?: Transport;
}

/** Both modules in this process. */
export async function openMarket(server: BenchDatabase, { selling, sending = selling }: MarketOptions) {
  const sales = await openModule(seller, server);
  const parcels = await openModule(sender, server);
  const metrics = new Metrics();
  const common = { logger, metrics, clock: systemClock, sagas: [], schedules: [] };
  const reacted = new Map<number, { started(): void; committed(): void }>();
  const [sellersMessaging, sendersMessaging] = [
    createMessaging({ ...common, ...sales, transport: selling, module: seller, reactions: [] }),
    createMessaging({
      ...common,
      ...parcels,
      transport: sending,
      module: sender,
      reactions: [{ ...subscription, handle: () => send as never }],
    }),
  ];
  const transports = new Set([sending, selling]);
  for (const transport of transports) await transport.start();
  for (const messaging of [sendersMessaging, sellersMessaging]) await messaging.start();

  async function send({ id, buyer }: z.output<typeof itemSold.payload>): Promise<void> {
    const seen = reacted.get(id);
    seen?.started();
    parcels.database.afterCommit(() => seen?.committed());
    await parcels.database.query('INSERT INTO done VALUES ($1, $2)', [id, buyer]);
  }

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
          await sales.database.query('INSERT INTO done VALUES ($1, $2)', [id, buyer]);
        });
        selling.catch(reject);
      }).finally(() => reacted.delete(id)) as Promise<{ toReaction: number; toCommit: number }>;
    },
    /** The same two rows, and no promise that the second follows the first. */
    async sellWithoutEvents(): Promise<void> {
      const { id, buyer } = newSale();
      await sales.database.transaction(() => sales.database.query('INSERT INTO done VALUES ($1, $2)', [id, buyer]));
      await parcels.database.transaction(() => parcels.database.query('INSERT INTO done VALUES ($1, $2)', [id, buyer]));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([sellersMessaging, sendersMessaging].map((messaging) => messaging.drain(new Deadline(5_000))));
      await Promise.all([sellersMessaging, sendersMessaging].map((messaging) => messaging.stop()));
      for (const transport of transports) await transport.stop();
      await Promise.all([sales.database.close(), parcels.database.close()]);
    },
  };
}

/** At a steady rate, whatever the answers take. */
export async function steadily<T>(perSecond: number, seconds: number, work: () => Promise<T>): Promise<T[]> {
  const underWay: Promise<T>[] = [];
  const start = performance.now();
  while (performance.now() < start + seconds * 1000) {
    const due = ((performance.now() - start) / 1000) * perSecond;
    while (underWay.length < due) underWay.push(work());
    await sleep(1);
  }
  return Promise.all(underWay);
}

export const quantiles = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]!;
  return { median: at(0.5), p99: at(0.99) };
};
