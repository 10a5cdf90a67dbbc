import { Admin } from '@platformatic/kafka';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KafkaCluster } from '../../../../tests/support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../../../../tests/support/kafka.ts';
import { TestTransports } from '../../../../tests/support/kafka-transports.ts';
import { silentLogger } from '../../../../tests/support/postgres.ts';
import { tcpLink } from '../../../../tests/support/tcp-link.ts';
import { Metrics } from '../../observability/metrics.ts';
import { until } from '../testing/landscape.ts';
import { KafkaTransport } from './kafka-transport.ts';

const open = (url: string, prefix = 'fissile') =>
  new KafkaTransport({
    url,
    subscriptions: [],
    modules: ['library'],
    logger: silentLogger,
    metrics: new Metrics(),
    prefix,
  });
const refusal = async (url: string, prefix?: string) => {
  const transport = open(url, prefix);
  const result = await transport.start().then(
    () => 'it started',
    (error: Error) => error.message,
  );
  await transport.stop();
  return result;
};

describe('without a cluster that lets it in, a start', () => {
  it('fails with a line that names the variable and the address, and not the password', async () => {
    expect(await refusal('kafka://fissile:secret@127.0.0.1:1,127.0.0.1:2')).toMatch(
      /^EVENTS_URL: no connection to Kafka at 127.0.0.1:1,127.0.0.1:2: [^\n]*ECONNREFUSED[^\n]*$/,
    );
  });

  it('fails when the host is unknown', async () => {
    expect(await refusal('kafka://no-such-host.invalid')).toMatch(
      /^EVENTS_URL: no connection to Kafka at no-such-host.invalid:9092: [^\n]*(ENOTFOUND|EAI_AGAIN)[^\n]*$/,
    );
  });

  it('fails when the listener there hangs up', async () => {
    const link = await tcpLink({ host: '127.0.0.1', port: 1 });
    link.refuse();
    expect(await refusal(`kafka://127.0.0.1:${link.port}`)).toMatch(
      /^EVENTS_URL: no connection to Kafka at 127.0.0.1:\d+: \S[^\n]+$/,
    );
    await link.close();
  });
});

describe.skipIf(noKafkaCluster)(`a cluster with passwords and TLS${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ secured: true });
  });
  afterAll(() => cluster?.close());
  const small = 'partitions=3&replication=1';

  it.each(['plain', 'scram-sha-512'])('lets a user in by %s', async (sasl) => {
    expect(await refusal(`${cluster.passwordUrl('admin')}?${small}&sasl=${sasl}`)).toBe('it started');
  });

  it.each(['plain', 'scram-sha-512'])('refuses a wrong password by %s in a line that says so', async (sasl) => {
    const line = await refusal(`${cluster.passwordUrl('admin', 'wrong-secret')}?${small}&sasl=${sasl}`);
    expect(line).toMatch(
      /^EVENTS_URL: Kafka at \S+ refuses the user or the password of the URL, or does not take them by SASL [^\n]*$/,
    );
    expect(line).not.toContain('wrong-secret');
  });

  it('refuses one that speaks without TLS where it speaks with it, and the other way round', async () => {
    const plain = cluster.secureUrl().replace('kafkas', 'kafka');
    expect(await refusal(`${plain}?${small}`)).toMatch(/^EVENTS_URL: no connection [^\n]* kafkas:\/\/[^\n]*$/);
    const encrypted = cluster.url.replace('kafka', 'kafkas');
    expect(await refusal(`${encrypted}?${small}`)).toMatch(/^EVENTS_URL: no connection [^\n]* kafka:\/\/[^\n]*$/);
  });

  it('refuses to make topics for a user that may not, and the line says which', async () => {
    expect(await refusal(`${cluster.passwordUrl('fissile')}?${small}`)).toMatch(
      /^EVENTS_URL: Kafka at \S+ cannot be used: it refuses to make the topic fissile.library [^\n]*partitions=3, min.insync.replicas=1 and replication=1\.$/,
    );
  });

  it('is refused when it has too few brokers, or a topic has another number of partitions', async () => {
    expect(await refusal(`${cluster.url}?partitions=3`, 'large')).toMatch(
      /cannot be used: it has fewer than 3 brokers, which the topic large.library is to be kept by\. [^\n]*$/,
    );
    expect(await refusal(`${cluster.url}?${small}`, 'small')).toBe('it started');
    expect(await refusal(`${cluster.url}?partitions=6&replication=1`, 'small')).toMatch(
      /cannot be used: its topic small.library has 3 partitions, and 6 are expected\. Say so with \?partitions=3 [^\n]*$/,
    );
  });
});

describe.skipIf(noKafkaCluster)(`the connection to Kafka${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  let transports: TestTransports;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ links: 3 });
  });
  afterAll(() => cluster?.close());
  beforeEach(() => {
    transports = new TestTransports(cluster);
  });
  afterEach(() => transports.close());

  it('is lost and found with one line each, however long it takes', async () => {
    const lines: string[] = [];
    const note = (line: string) => void lines.push(line);
    const logger = { debug() {}, info: note, warn: note, error: note };
    const { transport, link, metrics } = transports.connect({ logger });
    await transport.start();
    expect(await metrics.text()).toContain('fissile_broker_connected{messaging_system="kafka"} 1');
    link.refuse();
    await until(() => !transport.connected);
    await sleep(1_500);
    expect(await metrics.text()).toContain('fissile_broker_connected{messaging_system="kafka"} 0');
    link.accept();
    await until(() => transport.connected);
    expect(lines).toEqual([
      expect.stringMatching(/^Lost Kafka at 127.0.0.1:\d+; events wait.$/),
      expect.stringMatching(/^Kafka at 127.0.0.1:\d+ is back; events go on.$/),
    ]);
  });

  it('is not made again after a stop', async () => {
    const { transport, link } = transports.connect();
    await transport.start();
    link.refuse();
    await until(() => !transport.connected);
    await transport.stop();
    const exchanges = link.connections.map((connection) => connection.exchanges);
    link.accept();
    await sleep(1_500);
    expect(link.connections.map((connection) => connection.exchanges)).toEqual(exchanges);
    expect(transport.connected).toBe(false);
  });

  it('leaves nothing behind at the cluster but topics and groups', async () => {
    const { transport } = transports.connect();
    await transport.start();
    await transport.stop();
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: cluster.bootstrapBrokers });
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(transports.prefix));
    await admin.close();
    expect(topics.sort()).toEqual(
      ['broadcasts', 'library', 'readers', 'unreadable'].map((name) => `${transports.prefix}.${name}`),
    );
  });

  describe('what is told to all processes', () => {
    const listener = async () => {
      const linked = transports.connect();
      const heard: string[] = [];
      linked.transport.onBroadcast(
        'news',
        (message) => heard.push(message),
        () => heard.push('a gap'),
      );
      await linked.transport.start();
      return { ...linked, heard };
    };

    it('is heard once by each, by the one that tells it at once', async () => {
      const [one, two, three] = [await listener(), await listener(), await listener()];
      one.transport.broadcast('news', 'hello');
      expect(one.heard).toEqual(['hello']);
      one.transport.broadcast('weather', 'rain');
      await until(() => two.heard.length > 0);
      two.transport.broadcast('news', 'bye');
      await until(() => one.heard.length === 2 && three.heard.length === 2);
      expect([one.heard, two.heard, three.heard]).toEqual(Array.from({ length: 3 }, () => ['hello', 'bye']));
    });

    it('may be missed by one that is not connected, and it knows that when it is back', async () => {
      const [one, two] = [await listener(), await listener()];
      two.link.refuse();
      await until(() => !two.transport.connected);
      one.transport.broadcast('news', 'unheard');
      await sleep(300);
      two.link.accept();
      await until(() => two.transport.connected && two.heard.length > 0);
      expect(two.heard).toEqual(['a gap']);
    });

    it('may be missed by all if the one that tells it is not connected, and they know when it is back', async () => {
      const [one, two] = [await listener(), await listener()];
      one.link.refuse();
      await until(() => !one.transport.connected);
      one.transport.broadcast('news', 'only here');
      expect(one.heard[0]).toEqual('only here');
      await sleep(1_000);
      one.link.accept();
      await until(() => two.heard.length > 0);
      expect(two.heard).toEqual(['a gap']);
    });

    it('goes on after a listener failed', async () => {
      const [one, two] = [await listener(), await listener()];
      two.transport.onBroadcast('trouble', () => {
        throw new Error('cannot hear');
      });
      one.transport.broadcast('trouble', '');
      one.transport.broadcast('news', 'hello');
      await until(() => two.heard.length > 0);
      expect(two.heard).toEqual(['hello']);
      expect(two.transport.connected).toBe(true);
    });
  });
});
