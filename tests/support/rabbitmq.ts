/** RabbitMQ for tests: a real one, where TEST_EVENTS_URL says that there is one. */
import { randomUUID } from 'node:crypto';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { RabbitmqTransport } from '../../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import type { Receiver, Subscription } from '../../src/runtime/events/transport.ts';
import type { Logger } from '../../src/platform/logger.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { silentLogger } from './postgres.ts';
import { type TcpLink, tcpLink } from './tcp-link.ts';

const { TEST_EVENTS_URL, REQUIRE_SERVICES } = process.env;
const need = 'needs RabbitMQ: set TEST_EVENTS_URL to amqp://...';
export const noRabbitmq = !TEST_EVENTS_URL;
if (noRabbitmq && REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);

/** Behind the name of tests: what they need, where they are skipped. */
export const needsRabbitmq = noRabbitmq ? ` (${need})` : '';

/** A transport with a connection that can be cut. */
export interface LinkedTransport {
  readonly transport: RabbitmqTransport;
  readonly link: TcpLink;
  readonly metrics: Metrics;
}

interface ConnectOptions {
  readonly logger?: Logger;
  readonly subscriptions?: readonly Subscription[];
  readonly modules?: readonly string[];
}

/** A part of the broker that is one test's own. */
export class TestBroker {
  readonly prefix = `test-${randomUUID()}`;
  readonly channel: Channel;
  readonly #connection: ChannelModel;
  readonly #links: TcpLink[] = [];
  readonly #transports: RabbitmqTransport[] = [];
  readonly #queues = new Set<string>();

  private constructor(connection: ChannelModel, channel: Channel) {
    this.#connection = connection;
    this.channel = channel;
  }

  static async open(): Promise<TestBroker> {
    const connection = await connect(TEST_EVENTS_URL!);
    return new TestBroker(connection, await connection.createChannel());
  }

  async connect({
    logger = silentLogger,
    subscriptions = [],
    modules = ['library', 'readers'],
  }: ConnectOptions = {}): Promise<LinkedTransport> {
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
    const transport = new NotingTransport({
      url: url.href,
      subscriptions,
      modules,
      logger,
      metrics,
      prefix: this.prefix,
    });
    this.#transports.push(transport);
    return { transport, link, metrics };
  }

  async close(): Promise<void> {
    for (const link of this.#links) {
      link.refuse();
      await link.close();
    }
    await Promise.all(this.#transports.map((transport) => transport.stop()));
    for (const queue of [...this.#queues, `${this.prefix}.unreadable`]) await this.channel.deleteQueue(queue);
    for (const exchange of ['events', 'broadcasts', 'unreadable', 'library', 'readers'])
      await this.channel.deleteExchange(`${this.prefix}.${exchange}`);
    await this.#connection.close();
  }
}
