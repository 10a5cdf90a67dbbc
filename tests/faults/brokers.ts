/** The brokers between the processes of the fault table, and what can happen to each. */
import { setTimeout as delay } from 'node:timers/promises';
import { restartBroker, virtualHost, withoutBroker } from '../support/broker.ts';
import { brokers } from '../support/brokers.ts';
import { KafkaCluster } from '../support/kafka/cluster.ts';
import { tcpLink } from '../support/tcp-link.ts';

interface FragileBroker {
  /** For EVENTS_URL. */
  readonly url: string;
  /** Faults by their name in the table; each resolves when the broker is whole again. */
  readonly faults: Readonly<Record<string, () => Promise<unknown>>>;
  remove(): Promise<unknown>;
}

async function rabbitmq(): Promise<FragileBroker> {
  const host = await virtualHost();
  const url = new URL(host.url);
  const link = await tcpLink({ host: url.hostname, port: Number(url.port || 5672) });
  url.hostname = '127.0.0.1';
  url.port = String(link.port);
  const away = 3_000;
  return {
    url: url.href,
    faults: {
      async 'the broker away for 3 s'() {
        if (process.env.MAY_RESTART_BROKER === '1') return restartBroker(away);
        link.refuse();
        link.breakAll();
        await delay(away);
        return link.accept();
      },
    },
    async remove() {
      await link.close();
      await host.remove();
    },
  };
}

async function kafka(): Promise<FragileBroker> {
  const cluster = await KafkaCluster.start({ nodes: 3 });
  const without = async (...indexes: readonly number[]) => {
    const nodes = indexes.map((index) => cluster.nodes[index]!);
    await Promise.all(nodes.map((node) => node.kill()));
    await delay(3_000);
    await Promise.all(nodes.map((node) => node.restart()));
  };
  return {
    url: cluster.url,
    faults: {
      'a broker of three killed, and back after 3 s': () => without(0),
      'two brokers of three killed, and back after 3 s': () => without(1, 2),
    },
    remove: () => cluster.close(),
  };
}

/** `hang`: milliseconds for which a process hangs; over Kafka, longer than its sessions in its groups. */
export const fragileBrokers = [
  {
    name: 'RabbitMQ',
    missing: await withoutBroker(),
    hang: 5_000,
    faults: ['the broker away for 3 s'],
    open: rabbitmq,
  },
  {
    name: 'Kafka',
    missing: await brokers.kafka.missing(),
    hang: 15_000,
    faults: ['a broker of three killed, and back after 3 s', 'two brokers of three killed, and back after 3 s'],
    open: kafka,
  },
];
