import { Admin, compatibilityPartitioner, Consumer, Producer } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KafkaCluster } from '../../../../tests/support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../../../../tests/support/kafka.ts';
import { TestTransports } from '../../../../tests/support/kafka-transports.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import type { Envelope } from '../envelope.ts';
import type { Receiver } from '../transport.ts';
import type { Beginning } from '#platform/module.ts';
import type { KafkaTransport } from './kafka-transport.ts';
import { never, until } from '../testing/landscape.ts';

const subscription = { name: 'readers.a', event: sold };
const partitions = 3;
const partitionOf = (key: string) => compatibilityPartitioner({} as never, Buffer.from(key)) % partitions;

describe.skipIf(noKafkaCluster)(`deliveries over Kafka${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  let transports: TestTransports;
  let admin: Admin;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ links: 4 });
    admin = new Admin({ clientId: 'test', bootstrapBrokers: cluster.bootstrapBrokers });
  });
  afterAll(async () => {
    await admin?.close();
    await cluster?.close();
  });
  beforeEach(() => {
    transports = new TestTransports(cluster);
  });
  afterEach(() => transports.close());

  const consumer = async (
    receive: Receiver,
    options: Parameters<TestTransports['connect']>[0] & { from?: Beginning } = {},
  ) => {
    const linked = transports.connect(options);
    linked.transport.subscribe({ ...subscription, ...(options.from && { from: options.from }) }, receive);
    await linked.transport.start();
    return linked;
  };
  const publish = (transport: KafkaTransport, key: string, ...numbers: number[]) =>
    Promise.all(numbers.map((n) => transport.publish(sale(key, n))));
  const group = () => `${transports.prefix}.readers.a`;
  /** Events that are not committed. */
  const waiting = async (): Promise<number> => {
    const name = `${transports.prefix}.library`;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const [ends] = await admin.listOffsets({
      topics: [{ name, partitions: all.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
    });
    const [committed] = await admin.listConsumerGroupOffsets({ groups: [group()] });
    const sum = (offsets: readonly bigint[]) => offsets.reduce((total, offset) => total + Number(offset), 0);
    const done = committed!.topics.flatMap((topic) => topic.partitions.map(({ committedOffset }) => committedOffset));
    return sum(ends!.partitions.map(({ offset }) => offset)) - sum(done);
  };
  /** How many partitions each member of the group has. */
  const shares = async (): Promise<number[]> => {
    const described = (await admin.describeGroups({ groups: [group()] })).get(group())!;
    return [...described.members.values()]
      .map(
        ({ assignments }) => [...(assignments?.values() ?? [])].flatMap((assignment) => assignment.partitions).length,
      )
      .sort();
  };

  it('that are not taken are given again before anything later of their key, while others pass', async () => {
    const given: string[] = [];
    let tries = 0;
    const { transport } = await consumer(async (envelope) => {
      given.push(`${envelope.key}${numberOf(envelope)}`);
      if (envelope.key === 'bad' && numberOf(envelope) === 1 && ++tries < 4) throw new Error('the database is away');
    });
    await publish(transport, 'bad', 1, 2, 3);
    await publish(transport, 'good', 1, 2);
    await until(() => given.includes('bad3'));
    expect(given.filter((name) => name.startsWith('bad'))).toEqual(['bad1', 'bad1', 'bad1', 'bad1', 'bad2', 'bad3']);
    expect(given.indexOf('good2')).toBeLessThan(given.indexOf('bad2'));
  });

  it('are committed when they are taken, and not before', async () => {
    const taken = Promise.withResolvers<void>();
    let given = 0;
    const { transport } = await consumer(() => (given++, taken.promise));
    await publish(transport, 'k', 1);
    await until(() => given === 1);
    await sleep(300);
    expect(await waiting()).toBe(1);
    taken.resolve();
    await until(async () => (await waiting()) === 0);
  });

  it('are given again, and counted, when the place in the group was lost before they were taken', async () => {
    const taken = Promise.withResolvers<void>();
    let given = 0;
    const delivered: (boolean | undefined)[] = [];
    const { transport, link, metrics } = await consumer((_, again) => (given++, delivered.push(again), taken.promise));
    await publish(transport, 'k', 1);
    await until(() => given === 1);
    expect(await metrics.text()).toContain('fissile_broker_redelivered_messages_total{messaging_system="kafka"} 0');
    link.refuse();
    await until(async () => (await shares()).length === 0);
    link.accept();
    await until(async () =>
      (await metrics.text()).includes('fissile_broker_redelivered_messages_total{messaging_system="kafka"} 1'),
    );
    taken.resolve();
    await until(() => given === 2);
    expect(delivered).toEqual([false, true]);
    await until(async () => (await waiting()) === 0);
  });

  it('that hang are not committed with those that pass them', async () => {
    const passed: number[] = [];
    const first = await consumer(async (envelope) => {
      if (envelope.key === 'slow') await never;
      passed.push(numberOf(envelope));
    });
    await publish(first.transport, 'slow', 1);
    await publish(first.transport, 'quick', 2, 3, 4);
    await until(() => passed.length === 3);
    await first.transport.stop();
    const left: string[] = [];
    await consumer(async ({ key }) => void left.push(key));
    await until(() => left.length > 0);
    expect(left[0]).toBe('slow');
  });

  it('go on, and are committed, after the group removed a process with a name', async () => {
    const { transport } = await consumer(async () => {}, { instance: 'one' });
    await until(async () => (await shares()).join() === '3');
    const memberIds = async () => [...(await admin.describeGroups({ groups: [group()] })).get(group())!.members.keys()];
    const before = await memberIds();
    // So that most likely a commit is the first that hears of it, and not a heartbeat.
    const enough = new AbortController();
    const publishing = (async () => {
      for (let n = 0; !enough.signal.aborted; n++) await publish(transport, `k${n % 10}`, n);
    })();
    await until(async () => (await waiting()) < 20);
    await admin.removeMembersFromConsumerGroup({ groupId: group(), members: [{ memberId: before[0]! }] });
    await until(async () => (await shares()).join() === '3' && (await memberIds())[0] !== before[0]);
    enough.abort();
    await publishing;
    await expect.poll(waiting).toBe(0);
  });

  it('begin again with the oldest where the topic ends before what the group has read', async () => {
    const publisher = transports.connect({ subscriptions: [subscription] });
    await publisher.transport.start();
    await publish(publisher.transport, 'k', 1);
    const partitionOffsets = Array.from({ length: partitions }, (_, partition) => ({ partition, offset: 1_000n }));
    const topics = [{ name: `${transports.prefix}.library`, partitionOffsets }];
    await admin.alterConsumerGroupOffsets({ groupId: group(), topics });
    const errors: string[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (line: string) => void errors.push(line) };
    const received: number[] = [];
    const { transport } = await consumer(async (envelope) => void received.push(numberOf(envelope)), { logger });
    await publish(transport, 'k', 2);
    await until(() => received.length === 2);
    expect(received).toEqual([1, 2]);
    expect(new Set(errors)).toEqual(
      new Set(['A topic ends before what was read of it. It lost events, or was made anew; it is read again.']),
    );
  });

  it('are bounded in number while the receiver takes none, and the other partitions go on', async () => {
    const given = new Set<string>();
    let others = 0;
    const { transport } = await consumer(async ({ key }) => {
      if (partitionOf(key) !== 0) return void others++;
      given.add(key);
      await never;
    });
    const keys = Array.from({ length: 1_000 }, (_, n) => `k${n}`);
    const held = keys.filter((key) => partitionOf(key) === 0);
    const payload = 'x'.repeat(10_000);
    const large = (key: string) => ({ ...sale(key, 1), payload: { id: key, n: 1, payload } });
    await Promise.all(held.map((key) => transport.publish(large(key))));
    await Promise.all(keys.filter((key) => !held.includes(key)).map((key) => transport.publish(sale(key, 1))));
    await until(() => others === keys.length - held.length && given.size >= 250);
    await sleep(700);
    expect(given.size).toBeLessThan(held.length);
  });

  it('of another event of the module are passed over', async () => {
    const received: string[] = [];
    const { transport } = await consumer(async ({ name }) => void received.push(name));
    await transport.publish({ ...sale('k', 1), name: 'library.returned' });
    await transport.publish(sale('k', 2));
    await until(async () => received.length === 1 && (await waiting()) === 0);
    expect(received).toEqual(['library.sold']);
  });

  it('that are no events go to a topic of their own with the reason, and hold up nothing', async () => {
    const errors: string[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (line: string) => void errors.push(line) };
    const received: number[] = [];
    const { transport } = await consumer(async (envelope) => void received.push(numberOf(envelope)), { logger });
    const topic = `${transports.prefix}.library`;
    const producer = new Producer({ clientId: 'stranger', bootstrapBrokers: cluster.bootstrapBrokers });
    await producer.send({ messages: [{ topic, value: Buffer.from('?'), partition: partitionOf('k') }], acks: -1 });
    await producer.close();
    await publish(transport, 'k', 1);
    await until(() => received.length === 1);
    await until(async () => (await waiting()) === 0);
    expect(errors).toEqual(['A record cannot be read and was put aside.']);
    const kept = await firstOf(`${transports.prefix}.unreadable`);
    expect(kept).toMatchObject({
      value: '?',
      headers: { subscription: 'readers.a', topic, reason: expect.stringContaining('It is not a CloudEvent') },
    });
  });

  async function firstOf(topic: string) {
    const client = { clientId: 'stranger', bootstrapBrokers: cluster.bootstrapBrokers };
    const reader = new Consumer({ ...client, groupId: `${topic}.stranger` });
    const stream = await reader.consume({ topics: [topic], mode: 'earliest', maxWaitTime: 100 });
    const [message] = await stream.take(1).toArray();
    await reader.close(true);
    const headers = Object.fromEntries([...message.headers].map(([name, value]) => [String(name), String(value)]));
    return { value: String(message.value), headers };
  }

  it('begin with the next event for a new subscription, and with the oldest where it asks for that', async () => {
    const publisher = transports.connect();
    await publisher.transport.start();
    await publish(publisher.transport, 'k', 1, 2);
    const [news, all]: [number[], number[]] = [[], []];
    const { transport } = transports.connect();
    transport.subscribe(
      { ...subscription, name: 'readers.news' },
      async (envelope) => void news.push(numberOf(envelope)),
    );
    transport.subscribe(
      { ...subscription, name: 'readers.all', from: 'earliest' },
      async (envelope) => void all.push(numberOf(envelope)),
    );
    await transport.start();
    await publish(publisher.transport, 'k', 3);
    await until(() => news.length > 0 && all.length === 3);
    expect([news, all]).toEqual([[3], [1, 2, 3]]);
  });

  describe('shared by replicas', () => {
    const keys = Array.from({ length: 30 }, (_, n) => `k${n}`);

    it('come and go between them with nothing lost, repeated or out of order', async () => {
      const received: { key: string; n: number }[] = [];
      const receive = async (envelope: Envelope) => {
        await sleep(2);
        received.push({ key: envelope.key, n: numberOf(envelope) });
      };
      const first = await consumer(receive);
      let published = 0;
      const enough = new AbortController();
      const publishAll = (async () => {
        for (; !enough.signal.aborted; published++) {
          await Promise.all(keys.map((key) => first.transport.publish(sale(key, published))));
          await sleep(20);
        }
      })();
      for (let round = 0; round < 2; round++) {
        const second = await consumer(receive);
        await until(async () => (await shares()).join() === '1,2');
        await sleep(500);
        await second.transport.stop();
        transports.release(second);
        await until(async () => (await shares()).join() === '3');
        await sleep(500);
      }
      enough.abort();
      await publishAll;
      await until(() => received.length >= published * keys.length);
      await sleep(300);
      const inOrder = Array.from({ length: published }, (_, n) => n);
      for (const key of keys)
        expect(
          received.filter((event) => event.key === key).map(({ n }) => n),
          key,
        ).toEqual(inOrder);
    });

    it('are all given to the others when one dies', async () => {
      const [mine, others]: [string[], string[]] = [[], []];
      const first = await consumer(async ({ key }) => void mine.push(key));
      const second = await consumer(async ({ key }) => void others.push(key));
      await until(async () => (await shares()).join() === '1,2');
      second.link.refuse();
      for (const key of keys) await publish(first.transport, key, 1);
      await until(() => new Set([...mine, ...others]).size === keys.length);
      expect(mine.length).toBeGreaterThan(0);
    });

    it('stay where they are while a replica with a name restarts', async () => {
      const first = await consumer(async () => {}, { instance: 'one' });
      let second = await consumer(async () => {}, { instance: 'two' });
      await until(async () => (await shares()).join() === '1,2');
      const before = (await admin.describeGroups({ groups: [group()] })).get(group())!;
      const assignment = ({ members }: typeof before) =>
        [...members.values()]
          .map(({ groupInstanceId, assignments }) => [groupInstanceId, [...assignments!.values()]])
          .sort();
      await second.transport.stop();
      expect(assignment((await admin.describeGroups({ groups: [group()] })).get(group())!)).toEqual(assignment(before));
      transports.release(second);
      let received = 0;
      second = await consumer(async () => void received++, { instance: 'two' });
      for (const key of keys) await publish(first.transport, key, 1);
      await until(() => received > 0);
      expect(assignment((await admin.describeGroups({ groups: [group()] })).get(group())!)).toEqual(assignment(before));
    });

    it('are taken by both where two have one name by mistake', async () => {
      const received = new Set<string>();
      const receive = async ({ key }: Envelope) => void received.add(key);
      const { transport } = await consumer(receive, { instance: 'one' });
      await until(async () => (await shares()).join() === '3');
      await consumer(receive, { instance: 'one' });
      await until(async () => (await shares()).join() === '1,2');
      for (const key of keys) await publish(transport, key, 1);
      await until(() => received.size === keys.length);
      expect((await shares()).join()).toBe('1,2');
    });
  });
});
