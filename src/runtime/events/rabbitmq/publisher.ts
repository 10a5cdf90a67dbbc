// ADR 0042
import type { Channel, ConfirmChannel, Options } from 'amqplib';
import { contentType } from '../cloud-event.ts';
import type { Envelope } from '../envelope.ts';
import { ownerOf } from '../transport.ts';
import type { Lose } from './link.ts';
import { formerMessageOf, messageOf } from './message.ts';
import { QueueCheck } from './queue-check.ts';
import type { Topology } from './topology.ts';

interface Unconfirmed {
  readonly envelope: Envelope;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/**
 * Keeps each event until the broker has confirmed it and every queue it is for was there. Events of different keys do not wait for each other. Of one key,
 * one is on its way at a time, since a broker that fails may keep a later one and forget one before it; on a new
 * channel those that were on their way are sent again. How many there may be is up to who publishes.
 */
export class Publisher {
  readonly #topology: Topology;
  /** By key. The first is on its way, if there is a channel; the others wait for it. */
  readonly #lines = new Map<string, Unconfirmed[]>();
  /** Ids of the events under way for which the broker had no queue. */
  readonly #returned = new Set<string>();
  #channel: ConfirmChannel | undefined;
  #check: QueueCheck | undefined;
  #lose: Lose = () => {};
  #stopped = false;
  /** Events published; one that is sent again counts again. */
  published = 0;
  confirmed = 0;
  unconfirmed = 0;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  publish(envelope: Envelope): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new Error('The transport was stopped.'));
      const event = { envelope, resolve, reject };
      this.unconfirmed++;
      const line = this.#lines.get(envelope.key);
      if (line) return void line.push(event);
      this.#lines.set(envelope.key, [event]);
      if (this.#channel) this.#send(this.#channel, event);
    });
  }

  /** Call it when the queues are declared. `lose` is called, too, when either channel ends. */
  attach(channel: ConfirmChannel, checking: Channel, lose: Lose): void {
    this.#channel = channel;
    this.#check = new QueueCheck(checking);
    this.#lose = lose;
    this.#returned.clear();
    channel.on('return', ({ properties }) => this.#returned.add(properties.messageId));
    for (const [first] of this.#lines.values()) this.#send(channel, first!);
  }

  detach(): void {
    this.#channel = undefined;
  }

  /** Rejects what is not confirmed: its giver keeps it. */
  stop(): void {
    this.#stopped = true;
    this.detach();
    for (const { reject } of [...this.#lines.values()].flat()) reject(new Error('The transport was stopped.'));
    this.#lines.clear();
    this.unconfirmed = 0;
  }

  #send(channel: ConfirmChannel, event: Unconfirmed): void {
    const { envelope } = event;
    const { id, name } = envelope;
    const queues = this.#topology.queuesOf(name);
    const { headers, body } = this.#topology.hasFormerExchange ? formerMessageOf(envelope) : messageOf(envelope);
    const options: Options.Publish = {
      persistent: true,
      mandatory: queues.length > 0,
      contentType,
      headers,
      messageId: id,
      type: name,
    };
    this.published++;
    channel.publish(this.#topology.exchangeOf(ownerOf(name)), name, body, options, (refused: Error | null) => {
      // Where one is refused the channel ends, and it is sent again.
      if (channel === this.#channel && !refused) void this.#confirmed(event, queues);
    });
  }

  async #confirmed(event: Unconfirmed, queues: readonly string[]): Promise<void> {
    if (this.#returned.size > 0 && this.#returned.has(event.envelope.id)) {
      return this.#lose(new Error(`The queues for ${event.envelope.name} are gone.`));
    }
    if (queues.length > 1) {
      const channel = this.#channel;
      await this.#check!.seen(queues);
      if (channel !== this.#channel) return;
    }
    this.confirmed++;
    this.unconfirmed--;
    event.resolve();
    const { key } = event.envelope;
    const line = this.#lines.get(key)!;
    line.shift();
    const [next] = line;
    if (!next) this.#lines.delete(key);
    else if (this.#channel) this.#send(this.#channel, next);
  }
}
