import type { Channel } from 'amqplib';
import type { Subscription } from '../transport.ts';

/**
 * Quorum queues: what is confirmed is on disk, on most brokers of a cluster. A single active consumer, since several
 * at once would break the order of a key; the others wait, and the broker lets the next one in when it goes. Newer
 * brokers drop a message that was delivered 20 times, which a few restarts reach, so the limit is out of reach.
 */
const subscriptionQueue = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': 2_000_000_000 },
};
const quorumQueue = { durable: true, arguments: { 'x-queue-type': 'quorum' } };

/** What the system has at the broker; every process declares all of it, so that none publishes past another. */
export class Topology {
  /** Where events go, each with its name as routing key. */
  readonly events: string;
  readonly broadcasts: string;
  /** A queue for what nobody can read. */
  readonly unreadable: string;
  readonly #prefix: string;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #heard = new Set<string>();

  constructor(prefix: string, subscriptions: Iterable<Subscription>) {
    this.#prefix = prefix;
    this.events = `${prefix}.events`;
    this.broadcasts = `${prefix}.broadcasts`;
    this.unreadable = `${prefix}.unreadable`;
    for (const subscription of subscriptions) this.add(subscription);
  }

  add(subscription: Subscription): void {
    this.#subscriptions.set(subscription.name, subscription);
    this.#heard.add(subscription.event.name);
  }

  queueOf(subscription: string): string {
    return `${this.#prefix}.${subscription}`;
  }

  /** Whether there is a queue for events of this name. */
  isHeard(name: string): boolean {
    return this.#heard.has(name);
  }

  async declare(channel: Channel): Promise<void> {
    await channel.assertExchange(this.events, 'topic', { durable: true });
    await channel.assertExchange(this.broadcasts, 'fanout', { durable: true });
    await channel.assertQueue(this.unreadable, quorumQueue);
    for (const { name, event } of this.#subscriptions.values()) {
      await channel.assertQueue(this.queueOf(name), subscriptionQueue);
      await channel.bindQueue(this.queueOf(name), this.events, event.name);
    }
  }
}
