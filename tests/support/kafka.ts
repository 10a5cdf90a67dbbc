/**
 * Kafka for tests: a real one that test files share, where TEST_KAFKA_URL says that there is one, and clusters of
 * their own for tests that kill (`KafkaCluster`), where this machine can run it.
 */
import { withoutKafka } from './kafka/jars.ts';

const { TEST_KAFKA_URL, REQUIRE_SERVICES } = process.env;
const need = 'needs Kafka: set TEST_KAFKA_URL to kafka://...';
export const noKafka = !TEST_KAFKA_URL;
const unable = withoutKafka();
export const noKafkaCluster = unable !== undefined;
if (REQUIRE_SERVICES === '1') {
  if (noKafka) throw new Error(`A test ${need}`);
  if (noKafkaCluster) throw new Error(`A test ${unable}`);
}

/** Behind the name of tests: what they need, where they are skipped. */
export const needsKafka = noKafka ? ` (${need})` : '';
export const needsKafkaCluster = noKafkaCluster ? ` (${unable})` : '';

export const kafkaUrl = TEST_KAFKA_URL ?? 'kafka://127.0.0.1:9092';
