// ADR 0042
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Logger } from '#platform/logger.ts';
import { fullJitter } from '../../background/backoff.ts';
import { inTraceOf } from '../../background/headers.ts';
import { originOf } from '../cloud-event.ts';
import type { Envelope } from '../envelope.ts';
import { KeyedWork } from '../../background/keyed-work.ts';
import type { Receiver, Subscription } from '../transport.ts';
import { within } from '../../within.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Lose } from './link.ts';
import { attributePrefix, readMessage } from './message.ts';
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
interface Session extends Subscribed {
  readonly channel: ConfirmChannel;
  readonly acknowledgements: Acknowledgements;
  /** Aborted when the channel is of no use any more. */
  readonly signal: AbortSignal;
}

/**
 * Gives deliveries to their receivers, those of one subscription and key one after the other, and acknowledges each
 * when its receiver has it. Unacknowledged deliveries come again when the channel has ended, in the same order.
 */
export class Deliveries {
  readonly #topology: Topology;
  readonly #subscribed: readonly Subscribed[];
  readonly #logger: Logger;
  /** The prefetch is the limit. */
  readonly #work = new KeyedWork(Infinity, Infinity);
  #sessions: Session[] = [];
  #over = new AbortController();
  #stopping = false;
  redelivered = 0;

  constructor(topology: Topology, subscribed: readonly Subscribed[], logger: Logger) {
    this.#topology = topology;
    this.#subscribed = subscribed;
    this.#logger = logger;
    this.#work.open();
  }

  /** Opens a channel for each subscription. */
  async attach(open: () => Promise<ConfirmChannel>, lose: Lose): Promise<ConfirmChannel[]> {
    this.#over = new AbortController();
    const { signal } = this.#over;
    for (const subscribed of this.#subscribed) {
      const channel = await open();
      const session = { ...subscribed, channel, acknowledgements: new Acknowledgements(channel, signal), signal };
      this.#sessions.push(session);
      const queue = this.#topology.queueOf(subscribed.subscription.name);
      await channel.prefetch(prefetch);
      await channel.consume(queue, (message) => {
        if (message) this.#take(session, message);
        else lose(new Error(`The queue ${queue} was deleted.`));
      });
    }
    return this.#sessions.map(({ channel }) => channel);
  }

  /** Forgets waiting deliveries; the broker redelivers them. */
  detach(): void {
    this.#over.abort();
    this.#sessions = [];
  }

  /** Begins nothing new; what is with a receiver has `patience` milliseconds to end. */
  async stop(patience: number): Promise<void> {
    this.#stopping = true;
    this.#work.close();
    await within(patience, this.#work.idle(), () => {});
    for (const { acknowledgements } of this.#sessions) acknowledgements.tell();
    this.detach();
  }

  #take(session: Session, message: ConsumeMessage): void {
    if (this.#stopping) return;
    const { name, event } = session.subscription;
    if (message.fields.redelivered) this.redelivered++;
    session.acknowledgements.delivered(message);
    const { envelope, unreadable } = readMessage(message, event.name);
    if (unreadable !== undefined) return this.#putAside(session, message, unreadable);
    this.#work.add(name, envelope.key, { run: () => this.#deliver(session, envelope, message), drop: () => {} });
  }

  async #deliver(
    { receive, signal, acknowledgements }: Session,
    envelope: Envelope,
    message: ConsumeMessage,
  ): Promise<void> {
    for (let attempt = 1; !signal.aborted && !this.#stopping; attempt++) {
      try {
        await receive(envelope, message.fields.redelivered);
        return acknowledgements.done(message);
      } catch (error) {
        inTraceOf(envelope.headers, () =>
          this.#logger.debug('A delivery was not taken yet.', { error, event: envelope.name, eventId: envelope.id }),
        );
        await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Out of the way of those behind it, and kept for a person to look at. */
  #putAside({ channel, subscription, acknowledgements }: Session, message: ConsumeMessage, reason: string): void {
    const { name } = subscription;
    const { unreadable } = this.#topology;
    const { messageId } = message.properties;
    inTraceOf(originOf(message.properties.headers ?? {}, attributePrefix), () =>
      this.#logger.error('A message cannot be read and was put aside.', {
        error: reason,
        subscription: name,
        queue: unreadable,
        messageId,
      }),
    );
    const headers = { ...message.properties.headers, subscription: name, reason };
    const options = { ...message.properties, persistent: true, headers };
    // Not straight to the queue: who may do that may put events of any module into any queue.
    channel.publish(unreadable, '', message.content, options, (refused: Error | null) => {
      if (!refused) acknowledgements.done(message);
    });
  }
}
