// ADR 0063
import { Admin } from '@platformatic/kafka';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import type { Envelope } from '../envelope.ts';
import { type Receiver, type Subscription, Transport } from '../transport.ts';
import type { Wire } from '../wire.ts';
import { type BrokerAddress, brokerAddress } from './broker-address.ts';
import { Broadcasts } from './broadcasts.ts';
import { clientOptions, Connection } from './connection.ts';
import { Deliveries } from './deliveries.ts';
import { isMisunderstood, isUnauthenticated, reasonOf } from './failure.ts';
import { Publisher } from './publisher.ts';
import { Topics, UnsuitableCluster } from './topics.ts';
import { kafkaWire } from './wire.ts';

export interface KafkaOptions {
  /** kafka(s)://user:password@host:port,host:port?partitions=12&replication=3&sasl=plain */
  readonly url: string;
  /** The subscriptions of every module there is, so that nothing is published past a process that never ran yet. */
  readonly subscriptions: readonly Subscription[];
  /** Names of those that run in this process, and publish from it. */
  readonly modules: readonly string[];
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'watchBroker'>;
  /**
   * The name of this process, its own and the same after a restart. With it a restart in seconds moves no partition;
   * without it the process leaves its groups when it stops.
   */
  readonly instance?: string | undefined;
  /** Begins the name of every topic and group. */
  readonly prefix?: string;
}

/** How often a start is tried: by other brokers, since one of them may hang. Milliseconds for an answer. */
const [attempts, declareTimeout] = [3, 10_000];

const tooManyRights =
  'The user of EVENTS_URL may do what only processes with other modules need. The command "broker" makes one for each process.';

/** Between processes, over Kafka. While the cluster is away, publishing waits and the outboxes fill up. */
export class KafkaTransport extends Transport {
  readonly system = 'kafka';
  readonly reachesOtherProcesses = true;
  readonly #address: BrokerAddress;
  readonly #prefix: string;
  readonly #instance: string | undefined;
  readonly #logger: Logger;
  readonly #connection: Connection;
  readonly #topics: Topics;
  readonly #publisher: Publisher;
  readonly #broadcasts: Broadcasts;
  readonly #subscribed: { subscription: Subscription; receive: Receiver }[] = [];
  #deliveries: readonly Deliveries[] = [];
  #started = false;

  constructor({ url, subscriptions, modules, logger, metrics, instance, prefix = 'fissile' }: KafkaOptions) {
    super();
    this.#address = brokerAddress(url);
    this.#prefix = prefix;
    this.#instance = instance;
    this.#logger = logger;
    this.#connection = new Connection(this.#address.name, logger);
    this.#topics = new Topics(prefix, this.#address, subscriptions, modules);
    this.#publisher = new Publisher(this.#address, prefix, this.#topics, this.#connection);
    this.#broadcasts = new Broadcasts(this.#address, prefix, this.#topics.broadcasts, this.#connection, logger);
    metrics.watchBroker(this.system, () => ({
      published: this.#publisher.published,
      confirmed: this.#publisher.confirmed,
      unconfirmed: this.#publisher.unconfirmed,
      redelivered: this.#deliveries.reduce((sum, { redelivered }) => sum + redelivered, 0),
      connected: this.connected,
    }));
  }

  override get wire(): Wire {
    return kafkaWire(this.#topics, this.#address);
  }

  get connected(): boolean {
    return this.#started && this.#connection.connected;
  }

  subscribe(subscription: Subscription, receive: Receiver): void {
    this.#topics.add(subscription);
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

  /** Rejects, with a line for a person, when the cluster is not there, does not let us in, or is not as we need it. */
  async start(): Promise<void> {
    try {
      await this.#declare();
      await this.#broadcasts.start();
    } catch (error) {
      await this.stop();
      throw new Error(`EVENTS_URL: ${this.#refusal(error)}`, { cause: error });
    }
    this.#deliveries = this.#subscribed.map((subscribed) => this.#deliver(subscribed));
    for (const deliveries of this.#deliveries) deliveries.start();
    this.#started = true;
  }

  async stop(): Promise<void> {
    this.#started = false;
    await Promise.all(this.#deliveries.map((deliveries) => deliveries.stop()));
    await Promise.all([this.#publisher.stop(), this.#broadcasts.stop()]);
  }

  async #declare(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const options = clientOptions(this.#address, `${this.#prefix}-starting`);
      const admin = new Admin({ ...options, requestTimeout: declareTimeout });
      try {
        await this.#topics.declare(admin);
        if (await this.#topics.mayActForOthers(admin)) this.#logger.warn(tooManyRights);
        return;
      } catch (error) {
        const isFinal = error instanceof UnsuitableCluster || isUnauthenticated(error);
        if (isFinal || attempt === attempts) throw error;
      } finally {
        await admin.close().catch(() => {});
      }
    }
  }

  #deliver({ subscription, receive }: { subscription: Subscription; receive: Receiver }): Deliveries {
    return new Deliveries({
      address: this.#address,
      clientId: `${this.#prefix}-consuming`,
      topic: this.#topics.eventsOf(subscription.event.module),
      group: this.#topics.groupOf(subscription.name),
      instance: this.#instance,
      subscription,
      receive,
      publisher: this.#publisher,
      connection: this.#connection,
      logger: this.#logger,
    });
  }

  #refusal(error: unknown): string {
    const { name, tls, credentials } = this.#address;
    if (error instanceof UnsuitableCluster) return `Kafka at ${name} cannot be used: ${error.message}`;
    if (isUnauthenticated(error)) {
      const mechanism = credentials?.mechanism ?? 'PLAIN';
      return `Kafka at ${name} refuses the user or the password of the URL, or does not take them by SASL ${mechanism}; ?sasl= says another way.`;
    }
    const reason = reasonOf(error).replace(/\.$/, '');
    if (!isMisunderstood(error)) return `no connection to Kafka at ${name}: ${reason}.`;
    const advice = tls
      ? 'Is it a port without TLS? Then say kafka://'
      : 'Is it a port with TLS? Then say kafkas://. Does it want a user and a password? Then say kafka://user:password@...';
    return `no connection to Kafka at ${name}: ${reason}. ${advice}`;
  }
}
