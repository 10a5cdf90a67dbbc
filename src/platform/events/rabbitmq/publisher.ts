import type { ConfirmChannel, Options } from 'amqplib';
import type { Envelope } from '../envelope.ts';
import type { Lose } from './link.ts';
import type { Topology } from './topology.ts';

interface Unconfirmed {
  readonly envelope: Envelope;
  readonly content: Buffer;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Sends events in the order they are given, without waiting, and keeps each until the broker has confirmed it. On a
 * new channel all that is kept goes out again first, in that order. How many there may be is up to who publishes.
 */
export class Publisher {
  readonly #topology: Topology;
  readonly #unconfirmed = new Set<Unconfirmed>();
  /** Of the events under way, those for which the broker had no queue. */
  readonly #returned = new Set<string>();
  #channel: ConfirmChannel | undefined;
  #lose: Lose = () => {};
  #stopped = false;
  /** What was sent again counts again. */
  published = 0;
  confirmed = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  get unconfirmed(): number {
    return this.#unconfirmed.size;
  }

  publish(envelope: Envelope): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new Error('The transport was stopped.'));
      const event = { envelope, content: Buffer.from(JSON.stringify(envelope)), resolve, reject };
      this.#unconfirmed.add(event);
      if (this.#channel) this.#send(this.#channel, event);
    });
  }

  /** Call it when the queues are declared. */
  attach(channel: ConfirmChannel, lose: Lose): void {
    this.#channel = channel;
    this.#lose = lose;
    this.#returned.clear();
    channel.on('return', ({ properties }) => this.#returned.add(properties.messageId));
    for (const event of this.#unconfirmed) this.#send(channel, event);
  }

  detach(): void {
    this.#channel = undefined;
  }

  /** What is not confirmed is rejected: whoever gave it keeps it. */
  stop(): void {
    this.#stopped = true;
    this.detach();
    for (const { reject } of this.#unconfirmed) reject(new Error('The transport was stopped.'));
    this.#unconfirmed.clear();
  }

  #send(channel: ConfirmChannel, event: Unconfirmed): void {
    const { id, name } = event.envelope;
    const options: Options.Publish = {
      persistent: true,
      mandatory: this.#topology.isHeard(name),
      contentType: 'application/json',
      messageId: id,
      type: name,
    };
    this.published++;
    channel.publish(this.#topology.events, name, event.content, options, (refused: Error | null) => {
      // Those after a refused one may be confirmed already, but the channel ends, and what is kept is sent again.
      if (channel === this.#channel && !refused) this.#confirmed(event);
    });
  }

  #confirmed(event: Unconfirmed): void {
    if (this.#returned.size > 0 && this.#returned.has(event.envelope.id)) {
      return this.#lose(new Error(`The queues for ${event.envelope.name} are gone.`));
    }
    this.confirmed++;
    this.#unconfirmed.delete(event);
    event.resolve();
  }
}
