// ADR 0042
import type { Channel, ChannelModel } from 'amqplib';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { Wire } from '../wire.ts';
import type { Envelope } from '../envelope.ts';
import { Broadcasts } from './broadcasts.ts';
import { type BrokerAddress, brokerAddress } from './broker-address.ts';
import { Deliveries } from './deliveries.ts';
import { Link, type Lose } from './link.ts';
import { Publisher } from './publisher.ts';
import { MissingAtBroker, Topology } from './topology.ts';
import { rabbitmqWire } from './wire.ts';
import { type Receiver, type Subscription, Transport } from '../transport.ts';

export interface RabbitmqOptions {
  /** amqp(s)://user:password@host:port/vhost */
  readonly url: string;
  /** The subscriptions of every module there is, so that nothing is published past a process that never ran yet. */
  readonly subscriptions: readonly Subscription[];
  /** Names of those that run in this process, and publish from it. */
  readonly modules: readonly string[];
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'watchBroker'>;
  /** Begins the name of every exchange and queue. */
  readonly prefix?: string;
}

/** Milliseconds that a stop waits for receivers. */
const patience = 2_000;

/** Between processes, over RabbitMQ. While the broker is away, publishing waits and the outboxes fill up. */
export class RabbitmqTransport extends Transport {
  readonly system = 'rabbitmq';
  readonly reachesOtherProcesses = true;
  readonly #address: BrokerAddress;
  readonly #prefix: string;
  readonly #logger: Logger;
  readonly #topology: Topology;
  readonly #publisher: Publisher;
  readonly #deliveries: Deliveries;
  readonly #broadcasts: Broadcasts;
  readonly #subscribed: { subscription: Subscription; receive: Receiver }[] = [];
  /** Two, because a broker in need stops reading from those who publish, and would not hear acknowledgements. */
  readonly #links: readonly [publishing: Link, consuming: Link];
  #lost = false;
  /** True where this user may make every module's exchange and queues: so might any process with it, for any of them. */
  #mayMakeAll = false;

  constructor({ url, subscriptions, modules, logger, metrics, prefix = 'fissile' }: RabbitmqOptions) {
    super();
    this.#address = brokerAddress(url);
    this.#prefix = prefix;
    this.#logger = logger;
    this.#topology = new Topology(prefix, subscriptions, modules);
    this.#publisher = new Publisher(this.#topology);
    this.#deliveries = new Deliveries(this.#topology, this.#subscribed, logger);
    this.#broadcasts = new Broadcasts(this.#topology, logger);
    this.#links = [
      this.#link(
        'publishing',
        (connection, lose) => this.#setUpPublishing(connection, lose),
        () => this.#stopPublishing(),
      ),
      this.#link(
        'consuming',
        (connection, lose) => this.#setUpConsuming(connection, lose),
        () => this.#deliveries.detach(),
      ),
    ];
    metrics.watchBroker(this.system, () => ({
      published: this.#publisher.published,
      confirmed: this.#publisher.confirmed,
      unconfirmed: this.#publisher.unconfirmed,
      redelivered: this.#deliveries.redelivered,
      connected: this.connected,
    }));
  }

  /** Beside version 0.1 events have a form that is nobody else's. */
  override get wire(): Wire | undefined {
    return this.#topology.hasFormerExchange ? undefined : rabbitmqWire(this.#topology, this.#address.url);
  }

  get connected(): boolean {
    return this.#links.every(({ connected }) => connected);
  }

  subscribe(subscription: Subscription, receive: Receiver): void {
    this.#topology.add(subscription);
    this.#subscribed.push({ subscription, receive });
  }

  publish(envelope: Envelope): Promise<void> {
    return this.#publisher.publish(envelope);
  }

  broadcast(topic: string, message: string): void {
    this.#broadcasts.tell(topic, message);
  }

  onBroadcast(topic: string, listener: (message: string) => void, onGap?: () => void): void {
    this.#broadcasts.listen(topic, listener, onGap);
  }

  /** Rejects, with a line for a person, when the broker is not there or does not let us in. */
  async start(): Promise<void> {
    try {
      for (const link of this.#links) await link.open();
    } catch (error) {
      await this.stop();
      if (error instanceof MissingAtBroker) {
        throw new Error(
          `EVENTS_URL: RabbitMQ at ${this.#address.name} has no ${error.message}, and this user may not make it. Import what the command "broker" writes, as its help says.`,
          { cause: error },
        );
      }
      throw new Error(`EVENTS_URL: no connection to RabbitMQ at ${this.#address.name}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    if (this.#topology.hasFormerExchange) {
      this.#logger.warn(
        `RabbitMQ has the exchange ${this.#topology.formerExchange} of version 0.1, so events are written in a form that 0.1 can read, and are no CloudEvents. When no process of 0.1 runs any more, delete the exchange and restart.`,
      );
    }
    if (this.#mayMakeAll && !this.#topology.isAllHere) {
      this.#logger.warn(
        'The user of EVENTS_URL may publish the events of every module, those of other processes too. The command "broker" makes one for each process.',
      );
    }
  }

  async stop(): Promise<void> {
    await this.#deliveries.stop(patience);
    this.#publisher.stop();
    await Promise.all(this.#links.map((link) => link.close()));
  }

  #link(
    purpose: string,
    setUp: (connection: ChannelModel, lose: Lose) => Promise<readonly Channel[]>,
    tearDown: () => void,
  ): Link {
    const { url, name } = this.#address;
    return new Link({
      url,
      name: `${this.#prefix} ${purpose}`,
      setUp,
      tearDown,
      onLost: (reason) => {
        if (!this.#lost) this.#logger.warn(`Lost RabbitMQ at ${name}; events wait.`, { error: reason });
        this.#lost = true;
      },
      onFoundAgain: () => {
        if (!this.connected) return;
        this.#lost = false;
        this.#logger.info(`RabbitMQ at ${name} is back; events go on.`);
      },
    });
  }

  async #setUpPublishing(connection: ChannelModel, lose: Lose): Promise<readonly Channel[]> {
    const channel = await this.#watched(connection.createConfirmChannel(), lose);
    const broadcasts = await this.#watched(connection.createChannel(), lose);
    const checking = await this.#watched(connection.createChannel(), lose);
    this.#mayMakeAll = await this.#topology.declare(() => unwatched(connection));
    this.#publisher.attach(channel, checking, lose);
    this.#broadcasts.attachSender(broadcasts);
    return [channel, broadcasts, checking];
  }

  #stopPublishing(): void {
    this.#publisher.detach();
    this.#broadcasts.detachSender();
  }

  async #setUpConsuming(connection: ChannelModel, lose: Lose): Promise<readonly Channel[]> {
    const channel = await this.#watched(connection.createChannel(), lose);
    await this.#topology.declare(() => unwatched(connection));
    await this.#broadcasts.attachListener(channel, lose);
    const open = () => this.#watched(connection.createConfirmChannel(), lose);
    return [channel, ...(await this.#deliveries.attach(open, lose))];
  }

  async #watched<C extends Channel>(opening: Promise<C>, lose: Lose): Promise<C> {
    const channel = await opening;
    channel.on('error', lose);
    channel.on('close', () => lose());
    channel.on('nack', () => lose(new Error('RabbitMQ refused a message.')));
    return channel;
  }
}

/** A channel that may be refused something, which ends it and nothing else. */
async function unwatched(connection: ChannelModel): Promise<Channel> {
  const channel = await connection.createChannel();
  channel.on('error', () => {});
  return channel;
}

/** In one line. Node says ECONNREFUSED for each address of a name, and nothing for all of them. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  const message = error instanceof Error ? error.message : String(error);
  // All that the library says of a virtual host that does not exist or is not for this user.
  if (message.startsWith('Expected ConnectionOpenOk'))
    return 'it does not let this user into the virtual host of the URL.';
  return message.replaceAll(/\s+/g, ' ').trim();
}
