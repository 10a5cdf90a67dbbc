/** A broker for one topology that nobody else's events get in: a virtual host of RabbitMQ, or a Kafka of its own. */
import { virtualHost, withoutBroker } from './broker.ts';
import { KafkaCluster } from './kafka/cluster.ts';
import { withoutKafka } from './kafka/jars.ts';

interface Broker {
  /** For EVENTS_URL. */
  readonly url: string;
  remove(): Promise<void>;
}

interface BrokerKind {
  /** Resolves with why there can be none; with undefined if there can. */
  missing(): Promise<string | undefined>;
  open(): Promise<Broker>;
}

export const brokers = {
  rabbitmq: { missing: withoutBroker, open: virtualHost },
  kafka: {
    async missing() {
      const reason = withoutKafka();
      if (reason !== undefined && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${reason}`);
      return reason;
    },
    async open() {
      const cluster = await KafkaCluster.start();
      return { url: `${cluster.url}?replication=1`, remove: () => cluster.close() };
    },
  },
} satisfies Record<string, BrokerKind>;
