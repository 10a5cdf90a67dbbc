/** RabbitMQ for tests: a real one, where TEST_EVENTS_URL says that there is one. */
import { randomUUID } from 'node:crypto';
import { connect, type Channel } from 'amqplib';
import { RabbitmqTransport } from '../../src/platform/events/rabbitmq-transport.ts';
import type { Receiver, Subscription } from '../../src/platform/events/transport.ts';
import type { Logger } from '../../src/platform/observability/logger.ts';
import { Metrics } from '../../src/platform/observability/metrics.ts';
import { silentLogger } from './postgres.ts';
import { type TcpLink, tcpLink } from './tcp-link.ts';

const { TEST_EVENTS_URL, REQUIRE_SERVICES } = process.env;
/** A reason to skip what needs a broker, for the name of what is skipped; undefined if there is one. */
export const withoutRabbitmq = TEST_EVENTS_URL ? undefined : 'needs RabbitMQ: set TEST_EVENTS_URL to amqp://...';
if (withoutRabbitmq && REQUIRE_SERVICES === '1') throw new Error(`A test ${withoutRabbitmq}`);

/** A transport with a connection that can be cut. */
export interface LinkedTransport {
  readonly transport: RabbitmqTransport;
  readonly link: TcpLink;
  readonly metrics: Metrics;
}

/** A part of the broker that is one test's own. */
export class TestBroker {
  readonly prefix = `test-${randomUUID()}`;
  readonly channel: Channel;
  readonly #links: TcpLink[] = [];
  readonly #queues = new Set<string>();

  private constructor(channel: Channel) {
    this.channel = channel;
  }

  static async open(): Promise<TestBroker> {
    const connection = await connect(TEST_EVENTS_URL!);
    return new TestBroker(await connection.createChannel());
  }

  async connect({ logger = silentLogger, subscriptions = [] }: { logger?: Logger; subscriptions?: Subscription[] } = {}): Promise<LinkedTransport> {
    const url = new URL(TEST_EVENTS_URL!);
    const link = await tcpLink({ host: url.hostname, port: Number(url.port || 5672) });
    this.#links.push(link);
    url.port = String(link.port);
    const metrics = new Metrics();
    const noteQueue = ({ name }: Subscription) => this.#queues.add(`${this.prefix}.${name}`);
    subscriptions.forEach(noteQueue);
    class NotingTransport extends RabbitmqTransport {
      override subscribe(subscription: Subscription, receive: Receiver): void {
        noteQueue(subscription);
        super.subscribe(subscription, receive);
      }
    }
    const transport = new NotingTransport({ url: url.href, subscriptions, logger, metrics, prefix: this.prefix });
    return { transport, link, metrics };
  }

  async close(): Promise<void> {
    for (const link of this.#links) {
      link.refuse();
      await link.close();
    }
    for (const queue of [...this.#queues, `${this.prefix}.unreadable`]) await this.channel.deleteQueue(queue);
    for (const exchange of ['events', 'broadcasts']) await this.channel.deleteExchange(`${this.prefix}.${exchange}`);
    await (this.channel.connection as unknown as { close(done: () => void): void }).close(() => {});
  }
}
