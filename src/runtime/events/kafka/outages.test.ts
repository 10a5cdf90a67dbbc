import { Admin, compatibilityPartitioner, Consumer, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KafkaCluster } from '../../../../tests/support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../../../../tests/support/kafka.ts';
import { TestTransports } from '../../../../tests/support/kafka-transports.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import { never, until } from '../testing/landscape.ts';
import type { KafkaTransport } from './kafka-transport.ts';

const keys = Array.from({ length: 12 }, (_, n) => `k${n}`);

describe.skipIf(noKafkaCluster)(`while brokers of three come and go${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  let transports: TestTransports;
  let transport: KafkaTransport;
  let received: { id: string; key: string; n: number }[];
  let published: number;
  let confirmed: number;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ nodes: 3, links: 2 });
  });
  afterAll(() => cluster?.close());
  beforeEach(async () => {
    transports = new TestTransports(cluster, 'partitions=3&replication=3');
    ({ transport } = transports.connect());
    [received, published, confirmed] = [[], 0, 0];
    transport.subscribe({ name: 'readers.a', event: sold }, async (envelope) => {
      received.push({ id: envelope.id, key: envelope.key, n: numberOf(envelope) });
    });
    await transport.start();
    await publishFor(300);
    await until(() => confirmed === published);
  });
  afterEach(() => transports.close());

  /** Publishes one event of each key every 20 ms, and waits for none. */
  const publishFor = async (milliseconds: number) => {
    for (const end = performance.now() + milliseconds; performance.now() < end; await sleep(20)) {
      for (const key of keys) {
        void transport.publish(sale(key, published)).then(
          () => confirmed++,
          () => {},
        );
      }
      published += keys.length;
    }
  };

  /** An event that comes twice has an effect once: the first time. */
  const expectAllInOrder = async () => {
    await until(() => confirmed === published, 120_000);
    const effects = () => [...new Map(received.toReversed().map((event) => [event.id, event])).values()].toReversed();
    await until(() => effects().length === published, 120_000);
    for (const key of keys) {
      const numbers = effects()
        .filter((event) => event.key === key)
        .map(({ n }) => n);
      expect(numbers, key).toEqual(numbers.toSorted((a, b) => a - b));
    }
    await until(() => transport.connected);
  };

  it('in order, so that leaders move, nothing is lost or passes another one', async () => {
    for (const node of cluster.nodes) {
      await Promise.all([publishFor(2_000), node.stop()]);
      await Promise.all([publishFor(500), node.restart()]);
    }
    await expectAllInOrder();
  });

  it('as one is killed, the other two go on', async () => {
    const [node] = cluster.nodes;
    await node!.kill();
    await publishFor(1_000);
    await expectAllInOrder();
    await node!.restart();
    await publishFor(500);
    await expectAllInOrder();
  });

  it('as two are killed, nothing is confirmed, and all follows when they are back', async () => {
    const [one, two] = cluster.nodes;
    await Promise.all([one!.kill(), two!.kill()]);
    const before = confirmed;
    await publishFor(1_000);
    await until(() => !transport.connected);
    await sleep(1_000);
    expect(confirmed).toBe(before);
    await Promise.all([one!.restart(), two!.restart()]);
    await expectAllInOrder();
  });

  it('as the coordinator of a group dies while the group gathers, a member goes on with what it has', async () => {
    const asked = Promise.withResolvers<void>();
    let joined = false;
    // It joins, and does not answer when it is to join again: the group waits for it as long as its session.
    const silent = new Consumer({
      clientId: 'silent',
      bootstrapBrokers: cluster.bootstrapBrokers,
      groupId: `${transports.prefix}.readers.a`,
      sessionTimeout: 45_000,
      rebalanceTimeout: 45_000,
      heartbeatInterval: 100,
      protocols: [{ name: 'cooperative-sticky', version: 3 }],
      protocolsMetadata: async () => {
        if (!joined) return Buffer.alloc(0);
        asked.resolve();
        return never;
      },
    });
    silent.topics.track(`${transports.prefix}.library`);
    await silent.joinGroup({});
    joined = true;
    await asked.promise;
    const coordinator = cluster.nodes.find(({ id }) => id === silent.coordinatorId)!;
    await coordinator.kill();
    await publishFor(300);
    await until(() => confirmed === published, 60_000);
    const before = received.length;
    await publishFor(300);
    // One of three is on its way to the other member.
    const partitions = () =>
      new Set(received.slice(before).map(({ key }) => compatibilityPartitioner({} as never, Buffer.from(key)) % 3));
    await until(() => partitions().size === 2, 30_000);
    await coordinator.restart();
    await silent.leaveGroup(true);
    await silent.close(true);
    await expectAllInOrder();
  });

  it('as the coordinator of a group is killed, a process can leave the group for good', async () => {
    const groupId = `${transports.prefix}.readers.a`;
    const ask = async () => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: cluster.bootstrapBrokers, retries: 0 });
      try {
        return (await admin.describeGroups({ groups: [groupId] })).get(groupId)!;
      } finally {
        await admin.close();
      }
    };
    const { transport: other } = transports.connect();
    other.subscribe({ name: 'readers.a', event: sold }, async () => {});
    await other.start();
    await until(async () => {
      const { state, members } = await ask();
      return state === 'Stable' && members.size === 2;
    });
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: cluster.bootstrapBrokers });
    const [coordinator] = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: [groupId] });
    await admin.close();
    const node = cluster.nodes.find(({ id }) => id === coordinator!.nodeId)!;
    await node.kill();
    await other.stop();
    let known: Awaited<ReturnType<typeof ask>> | undefined;
    await until(async () => (known = await ask().catch(() => undefined)) !== undefined);
    expect(known!.members.size).toBe(1);
    await node.restart();
  });

  it('as one hangs, the other two go on, and it does no harm when it wakes', async () => {
    const [node] = cluster.nodes;
    node!.pause();
    await publishFor(1_000);
    await until(() => confirmed === published, 120_000);
    node!.continue();
    await publishFor(500);
    await expectAllInOrder();
  });
});
