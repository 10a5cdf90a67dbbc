/** Transports over a Kafka cluster, for tests: each of them with a way to it that can be cut. */
import { randomUUID } from 'node:crypto';
import type { Logger } from '../../src/platform/logger.ts';
import { KafkaTransport } from '../../src/runtime/events/kafka/kafka-transport.ts';
import type { Subscription } from '../../src/runtime/events/transport.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import type { ClusterLink, KafkaCluster } from './kafka/cluster.ts';
import { silentLogger } from './postgres.ts';

export interface LinkedTransport {
  readonly transport: KafkaTransport;
  readonly link: ClusterLink;
  readonly metrics: Metrics;
}

interface ConnectOptions {
  readonly logger?: Logger;
  readonly subscriptions?: readonly Subscription[];
  readonly modules?: readonly string[];
  readonly instance?: string;
}

/** Topics and groups that are one test's own, and its transports. */
export class TestTransports {
  readonly prefix = `test-${randomUUID()}`;
  readonly #cluster: KafkaCluster;
  readonly #parameters: string;
  readonly #transports: KafkaTransport[] = [];
  readonly #links: ClusterLink[];

  /** The cluster has to have a link for each transport of one test. */
  constructor(cluster: KafkaCluster, parameters = 'partitions=3&replication=1') {
    this.#cluster = cluster;
    this.#parameters = parameters;
    this.#links = [...cluster.links];
  }

  connect({
    logger = silentLogger,
    subscriptions = [],
    modules = ['library', 'readers'],
    ...options
  }: ConnectOptions = {}): LinkedTransport {
    const link = this.#links.shift();
    if (!link) throw new Error(`The cluster has ${this.#cluster.links.length} links; this test needs more.`);
    link.accept();
    const metrics = new Metrics();
    const url = `${link.url}?${this.#parameters}`;
    const transport = new KafkaTransport({
      url,
      subscriptions,
      modules,
      logger,
      metrics,
      prefix: this.prefix,
      ...options,
    });
    this.#transports.push(transport);
    return { transport, link, metrics };
  }

  /** Its link is free for another one. */
  release({ link }: LinkedTransport): void {
    this.#links.push(link);
  }

  async close(): Promise<void> {
    for (const link of this.#cluster.links) link.refuse();
    await Promise.all(this.#transports.map((transport) => transport.stop()));
    for (const link of this.#cluster.links) link.accept();
  }
}
