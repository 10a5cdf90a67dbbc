/** Replicas of a module: over Kafka they share a subscription by partitions, over RabbitMQ one of them has it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { KeyedWork } from '../../src/runtime/background/keyed-work.ts';
import { atOnce } from '../carriers.ts';
import type { Row } from '../row.ts';
import { announced, buyers, newSale, seller, sender, subscription } from '../sales.ts';
import { transportTo } from '../transports.ts';

/** Milliseconds of a reaction, and how many of them a module has under way at once. */
const [reactionTakes, underWay] = [5, 6];
const [warmUp, measured] = [10_000, 8_000];
const counts = [1, 2, 4];

/** Deliveries a second to so many replicas. */
async function deliveries(url: string, replicas: number): Promise<number> {
  const prefix = `bench-${randomUUID()}`;
  let [sent, done] = [0, 0];
  const members = Array.from({ length: replicas }, () => {
    const work = new KeyedWork(underWay, Infinity);
    work.open();
    const transport = transportTo(url, prefix, [sender]);
    transport.subscribe(subscription, ({ key }) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const run = () => sleep(reactionTakes).then(() => (done++, resolve()));
      work.add(subscription.name, key, { run, drop: () => reject(new Error('The replica has stopped.')) });
      return promise;
    });
    return transport;
  });
  for (const transport of members) await transport.start();
  const selling = transportTo(url, prefix, [seller]);
  await selling.start();

  const stopping = new AbortController();
  const worker = async () => {
    while (!stopping.signal.aborted) {
      if (sent - done > atOnce) await sleep(reactionTakes);
      else {
        sent++;
        await selling.publish(announced(newSale())).catch(() => {});
      }
    }
  };
  const workers = Array.from({ length: 500 }, worker);
  // Until each has its partitions.
  await sleep(warmUp);
  const [before, start] = [done, performance.now()];
  await sleep(measured);
  const rate = ((done - before) / (performance.now() - start)) * 1000;
  stopping.abort();
  await Promise.all(workers);
  for (const transport of [selling, ...members]) await transport.stop();
  return rate;
}

export const row: Row = {
  title: 'Replicas that share a subscription',
  async run() {
    const { KAFKA_URL: kafka, EVENTS_URL: rabbitmq } = process.env;
    if (!kafka || !rabbitmq) return 'needs a Kafka and a RabbitMQ: set KAFKA_URL and EVENTS_URL';
    const rates = async (url: string) => {
      const each: string[] = [];
      for (const count of counts) each.push((await deliveries(url, count)).toFixed(0));
      return each.join(', ');
    };
    return [
      {
        ours: `Deliveries a second over Kafka with ${counts.join(', ')} replicas`,
        peer: 'the same over RabbitMQ, where one replica at a time has the subscription',
        load: `a reaction that takes ${reactionTakes} ms, ${underWay} at once in each replica, ${buyers} keys, for ${measured / 1000} s; all replicas in one process`,
        measured: `${await rates(kafka)} over Kafka, ${await rates(rabbitmq)} over RabbitMQ`,
      },
    ];
  },
};
