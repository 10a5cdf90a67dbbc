import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Logger } from '../../observability/logger.ts';
import { fullJitter } from '../backoff.ts';
import type { Envelope } from '../envelope.ts';
import { KeyedWork } from '../keyed-work.ts';
import { readEnvelope } from '../read-envelope.ts';
import type { Receiver, Subscription } from '../transport.ts';
import { within } from '../within.ts';
import type { Lose } from './link.ts';
import type { Topology } from './topology.ts';

/**
 * Deliveries of one subscription that may be under way. The same for every process and release: a consumer that takes
 * over must be able to take all that the one before it had, or the broker gives the rest out of order.
 */
const prefetch = 250;
const [firstPause, longestPause] = [100, 5_000];

interface Subscribed {
  readonly subscription: Subscription;
  readonly receive: Receiver;
}

/** One channel's time: what came over it can only be acknowledged over it. */
interface Session {
  readonly channel: ConfirmChannel;
  readonly lose: Lose;
  readonly over: AbortController;
}

/**
 * Gives deliveries to their receivers, those of one subscription and key one after the other, and acknowledges each
 * when its receiver has it. What was not acknowledged when the channel ended comes again, in the same order.
 */
export class Deliveries {
  readonly #topology: Topology;
  readonly #subscribed: readonly Subscribed[];
  readonly #logger: Logger;
  /** The prefetch is the limit. */
  readonly #work = new KeyedWork(Infinity, Infinity);
  #session: Session | undefined;
  #stopping = false;
  redelivered = 0;

  constructor(topology: Topology, subscribed: readonly Subscribed[], logger: Logger) {
    this.#topology = topology;
    this.#subscribed = subscribed;
    this.#logger = logger;
    this.#work.open();
  }

  async attach(channel: ConfirmChannel, lose: Lose): Promise<void> {
    const session: Session = { channel, lose, over: new AbortController() };
    this.#session = session;
    await channel.prefetch(prefetch);
    for (const subscribed of this.#subscribed) {
      const queue = this.#topology.queueOf(subscribed.subscription.name);
      await channel.consume(queue, (message) => {
        if (message) this.#take(session, subscribed, message);
        else lose(new Error(`The queue ${queue} was deleted.`));
      });
    }
  }

  /** What waits is forgotten; it comes again. */
  detach(): void {
    this.#session?.over.abort();
    this.#session = undefined;
  }

  /** Begins nothing new; what is with a receiver has `patience` milliseconds to end. */
  async stop(patience: number): Promise<void> {
    this.#stopping = true;
    this.#work.close();
    await within(patience, this.#work.idle(), () => new Error('Some receivers are not done.')).catch(() => {});
    this.detach();
  }

  #take(session: Session, { subscription, receive }: Subscribed, message: ConsumeMessage): void {
    if (this.#stopping) return;
    if (message.fields.redelivered) this.redelivered++;
    const { envelope, unreadable } = readEnvelope(message.content, subscription.event.name);
    if (unreadable !== undefined) return this.#putAside(session, subscription, message, unreadable);
    const run = () => this.#deliver(session, receive, envelope, message);
    this.#work.add(subscription.name, envelope.key, { run, drop: () => {} });
  }

  async #deliver(session: Session, receive: Receiver, envelope: Envelope, message: ConsumeMessage): Promise<void> {
    const { signal } = session.over;
    for (let attempt = 1; !signal.aborted && !this.#stopping; attempt++) {
      try {
        await receive(envelope);
      } catch (error) {
        this.#logger.debug('A delivery was not taken yet.', { error, event: envelope.name, eventId: envelope.id });
        await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal }).catch(() => {});
        continue;
      }
      if (!signal.aborted) session.channel.ack(message);
      return;
    }
  }

  /** Out of the way of those behind it, and kept for a person to look at. */
  #putAside(session: Session, { name }: Subscription, message: ConsumeMessage, unreadable: string): void {
    const { unreadable: queue } = this.#topology;
    const { messageId } = message.properties;
    this.#logger.error('A message cannot be read and was put aside.', { error: unreadable, subscription: name, queue, messageId });
    const options = { ...message.properties, persistent: true, headers: { subscription: name, reason: unreadable } };
    session.channel.sendToQueue(queue, message.content, options, (refused: Error | null) => {
      if (session.over.signal.aborted) return;
      if (refused) session.lose(refused);
      else session.channel.ack(message);
    });
  }
}
