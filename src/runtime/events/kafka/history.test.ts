/** Subscriptions that join later: what they read of the events that were announced before. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KafkaCluster } from '../../../../tests/support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../../../../tests/support/kafka.ts';
import { TestTransports } from '../../../../tests/support/kafka-transports.ts';
import { happened, Landscape, until } from '../testing/landscape.ts';

const keys = ['k0', 'k1', 'k2', 'k3', 'k4'];

describe.skipIf(noKafkaCluster)(`a subscription that joins later at Kafka${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ links: 4 });
  });
  afterAll(() => cluster?.close());

  async function open() {
    const transports = new TestTransports(cluster);
    onTestFinished(() => transports.close());
    const landscape = await Landscape.create();
    onTestFinished(() => landscape.drop());
    /** The numbers that a subscription has taken with each key, in order. */
    const numbers = async (subscription: string) => {
      const done = (await landscape.effects()).filter((effect) => effect.subscription === subscription);
      return keys.map((key) => done.filter(({ id }) => id === key).map(({ n }) => n));
    };
    return { transports, landscape, numbers };
  }
  const each = (...rounds: number[]) => keys.map(() => rounds);

  it('reads history once and in order where it asks for it, and only what is new where it does not', async () => {
    const { transports, landscape, numbers } = await open();
    const first = await landscape.start({ ...transports.connect(), reactions: { 'readers.a': {} } });
    for (const n of [0, 1, 2]) await first.announce(...keys.map((id) => ({ id, n })));
    await until(async () => (await landscape.effects()).length === 15);
    await first.stop();

    const reactions = {
      'readers.a': {},
      'readers.history': { from: 'earliest' },
      'readers.history-if-kept': { from: 'earliest-if-kept' },
      'readers.news': {},
    } as const;
    const second = await landscape.start({ ...transports.connect(), reactions });
    await second.announce(...keys.map((id) => ({ id, n: 3 })));
    const all = each(0, 1, 2, 3);
    await expect.poll(() => numbers('readers.history')).toEqual(all);
    await expect.poll(() => numbers('readers.history-if-kept')).toEqual(all);
    await expect.poll(() => numbers('readers.news')).toEqual(each(3));
    await expect.poll(() => numbers('readers.a')).toEqual(all);
    await second.stop();

    const third = await landscape.start({ ...transports.connect(), reactions });
    await third.announce(...keys.map((id) => ({ id, n: 4 })));
    for (const name of ['readers.a', 'readers.history', 'readers.history-if-kept'])
      await expect.poll(() => numbers(name), { message: name }).toEqual(each(0, 1, 2, 3, 4));
    expect(await numbers('readers.news')).toEqual(each(3, 4));
  });

  it('misses nothing that was announced before its first process runs, once any process knew of it', async () => {
    const { transports, landscape, numbers } = await open();
    const first = await landscape.start({
      ...transports.connect({ modules: ['library'], subscriptions: [{ name: 'readers.late', event: happened }] }),
      reactions: {},
    });
    await first.announce(...keys.map((id) => ({ id, n: 0 })));
    await until(async () => (await landscape.unpublished()) === 0);
    await landscape.start({ ...transports.connect(), reactions: { 'readers.late': {} } });
    await expect.poll(() => numbers('readers.late')).toEqual(each(0));
  });
});
