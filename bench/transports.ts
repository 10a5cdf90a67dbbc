import { KafkaTransport } from '../src/runtime/events/kafka/kafka-transport.ts';
import { RabbitmqTransport } from '../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import type { Transport } from '../src/runtime/events/transport.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { logger, subscription } from './sales.ts';

/** A process of these modules at the broker of a URL. It is the user of all, which is no news here. */
export function transportTo(url: string, prefix: string, modules: readonly string[]): Transport {
  const quiet = { ...logger, warn() {} };
  const options = { url, prefix, modules, subscriptions: [subscription], logger: quiet, metrics: new Metrics() };
  return url.startsWith('kafka') ? new KafkaTransport(options) : new RabbitmqTransport(options);
}
