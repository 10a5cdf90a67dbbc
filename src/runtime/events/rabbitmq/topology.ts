// ADR 0042
import type { Channel } from 'amqplib';
import { ownerOf, type Subscription } from '../transport.ts';

/**
 * Quorum queues: what is confirmed is on disk, on most brokers of a cluster. A single active consumer, since several
 * at once would break the order of a key; the others wait, and the broker lets the next one in when it goes. Newer
 * brokers drop a message that was delivered 20 times, which a few restarts reach, so the limit is out of reach.
 */
export const subscriptionQueue = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': 2_000_000_000 },
};
export const quorumQueue = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** Something that the broker has to have is missing, and this user may not make it. */
export class MissingAtBroker extends Error {}

/** AMQP 0-9-1 reply codes. */
const [accessRefused, notFound] = [403, 404];
const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/**
 * The system's exchanges and queues at the broker. Each module has an exchange of its own, which only it publishes to,
 * and a queue for each of its subscriptions. Every process sees to it that all of this is there before it publishes.
 */
export class Topology {
  readonly broadcasts: string;
  /** For what nobody can read: an exchange, and the queue behind it. */
  readonly unreadable: string;
  readonly #prefix: string;
  /** The exchange that version 0.1 publishes to. */
  readonly formerExchange: string;
  readonly #modules: ReadonlySet<string>;
  readonly #subscriptions = new Map<string, Subscription>();
  /** By the name of the event that goes there. */
  readonly #queues = new Map<string, readonly string[]>();
  #hasFormerExchange = false;

  /** `modules` that run in this process. */
  constructor(prefix: string, subscriptions: Iterable<Subscription>, modules: Iterable<string>) {
    this.#prefix = prefix;
    this.#modules = new Set(modules);
    this.broadcasts = `${prefix}.broadcasts`;
    this.unreadable = `${prefix}.unreadable`;
    this.formerExchange = `${prefix}.events`;
    for (const subscription of subscriptions) this.add(subscription);
  }

  add(subscription: Subscription): void {
    const { name, event } = subscription;
    if (this.#subscriptions.has(name)) return;
    this.#subscriptions.set(name, subscription);
    this.#queues.set(event.name, [...this.queuesOf(event.name), this.queueOf(name)]);
  }

  /** Where a module publishes its events, each with its name as routing key. */
  exchangeOf(module: string): string {
    return `${this.#prefix}.${module}`;
  }

  queueOf(subscription: string): string {
    return `${this.#prefix}.${subscription}`;
  }

  /** The queues that an event of this name goes to. */
  queuesOf(event: string): readonly string[] {
    return this.#queues.get(event) ?? [];
  }

  /** Tells whether all subscriptions are those of this process. */
  get isAllHere(): boolean {
    return [...this.#subscriptions.keys()].every((name) => this.#modules.has(ownerOf(name)));
  }

  /**
   * Tells whether version 0.1 was at this broker when all was declared. Its processes may run beside this one: they
   * publish to that exchange, and put aside as unreadable what is not in their form.
   */
  get hasFormerExchange(): boolean {
    return this.#hasFormerExchange;
  }

  /**
   * Makes what is missing: all of it, or what belongs to the modules of this process where the broker lets this user make
   * no more; the rest has to be there then. Resolves with whether it may make everything.
   */
  async declare(open: () => Promise<Channel>): Promise<boolean> {
    this.#hasFormerExchange = await isThere(open, (channel) => channel.checkExchange(this.formerExchange));
    try {
      await this.#declareAll(await open());
      return true;
    } catch (error) {
      // The broker closes a channel over whatever it refuses.
      if (codeOf(error) !== accessRefused) throw error;
    }
    await this.#declareOwn(await open(), open);
    return false;
  }

  async #declareAll(channel: Channel): Promise<void> {
    await channel.assertExchange(this.broadcasts, 'fanout', { durable: true });
    await channel.assertExchange(this.unreadable, 'fanout', { durable: true });
    await channel.assertQueue(this.unreadable, quorumQueue);
    await channel.bindQueue(this.unreadable, this.unreadable, '');
    for (const module of this.#publishers())
      await channel.assertExchange(this.exchangeOf(module), 'topic', { durable: true });
    for (const subscription of this.#subscriptions.values()) {
      await this.#declareQueue(subscription, channel);
      if (this.#hasFormerExchange)
        await channel.bindQueue(this.queueOf(subscription.name), this.formerExchange, subscription.event.name);
    }
    await channel.close();
  }

  async #declareOwn(channel: Channel, open: () => Promise<Channel>): Promise<void> {
    for (const module of this.#modules)
      await channel.assertExchange(this.exchangeOf(module), 'topic', { durable: true });
    for (const exchange of [
      this.broadcasts,
      this.unreadable,
      ...this.#publishers().map((module) => this.exchangeOf(module)),
    ]) {
      await this.#mustBeThere(exchange, open, (each) => each.checkExchange(exchange));
    }
    for (const subscription of this.#subscriptions.values()) {
      if (this.#modules.has(ownerOf(subscription.name))) await this.#declareQueue(subscription, channel);
      else
        await this.#mustBeThere(this.queueOf(subscription.name), open, (each) =>
          each.checkQueue(this.queueOf(subscription.name)),
        );
    }
    await channel.close();
  }

  async #declareQueue({ name, event }: Subscription, channel: Channel): Promise<void> {
    await channel.assertQueue(this.queueOf(name), subscriptionQueue);
    await channel.bindQueue(this.queueOf(name), this.exchangeOf(event.module), event.name);
  }

  async #mustBeThere(
    name: string,
    open: () => Promise<Channel>,
    check: (channel: Channel) => Promise<unknown>,
  ): Promise<void> {
    if (!(await isThere(open, check))) throw new MissingAtBroker(name);
  }

  #publishers(): string[] {
    return [...new Set([...this.#modules, ...[...this.#subscriptions.values()].map(({ event }) => event.module)])];
  }
}

async function isThere(open: () => Promise<Channel>, check: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  const channel = await open();
  try {
    await check(channel);
  } catch (error) {
    // The broker has closed the channel.
    if (codeOf(error) === notFound) return false;
    throw error;
  }
  await channel.close();
  return true;
}
