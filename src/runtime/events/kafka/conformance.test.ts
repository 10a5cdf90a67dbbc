import { afterAll, beforeAll, describe } from 'vitest';
import { KafkaCluster } from '../../../../tests/support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../../../../tests/support/kafka.ts';
import { TestTransports } from '../../../../tests/support/kafka-transports.ts';
import { transportConformance } from '../testing/transport-conformance.ts';

describe.skipIf(noKafkaCluster)(`the conformance of Kafka${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ links: 8 });
  });
  afterAll(() => cluster?.close());

  transportConformance('Kafka', async () => {
    const transports = new TestTransports(cluster);
    return {
      async connect(subscriptions = []) {
        const { transport, link } = transports.connect({ subscriptions });
        const away = () => link.refuse();
        return { transport, die: away, away, back: () => link.accept() };
      },
      stop: () => transports.close(),
    };
  });
});
