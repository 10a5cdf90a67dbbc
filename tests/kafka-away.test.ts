/** A program whose Kafka goes away: what its probes say, and what happens to its events. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaCluster } from './support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from './support/kafka.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';

describe.skipIf(noKafkaCluster)(`a program whose Kafka goes away${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  let program: TestProgram;
  beforeAll(async () => {
    cluster = await KafkaCluster.start({ links: 1 });
    const EVENTS_URL = `${cluster.links[0]!.url}?partitions=3&replication=1`;
    program = await startTestProgram({ environment: { EVENTS_URL } });
  });
  afterAll(async () => {
    await program?.stop();
    await cluster?.close();
  });

  const readiness = async () => {
    const { status, body } = await request(program.url).get('/readyz');
    return { status, broker: body.details.broker };
  };

  it('stays ready and says that it is away, and when it is back', async () => {
    await expect.poll(readiness).toEqual({ status: 200, broker: 'connected' });
    cluster.links[0]!.refuse();
    await expect.poll(readiness).toEqual({ status: 200, broker: 'away' });
    cluster.links[0]!.accept();
    await expect.poll(readiness).toEqual({ status: 200, broker: 'connected' });
  });
});
