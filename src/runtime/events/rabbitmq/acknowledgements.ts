import type { Channel, ConsumeMessage } from 'amqplib';

const tagOf = ({ fields }: ConsumeMessage): number => fields.deliveryTag;

/**
 * Acknowledges the deliveries of one channel. One word is enough for all up to the first that is not done, and words
 * are what costs the broker: each goes to its log.
 */
export class Acknowledgements {
  readonly #channel: Channel;
  readonly #signal: AbortSignal;
  /** Tags of what is not done, in the order of delivery. */
  readonly #underWay = new Set<number>();
  #done: ConsumeMessage[] = [];

  /** Nothing is said once `signal` is aborted: the channel is of no use then. */
  constructor(channel: Channel, signal: AbortSignal) {
    this.#channel = channel;
    this.#signal = signal;
  }

  delivered(message: ConsumeMessage): void {
    this.#underWay.add(tagOf(message));
  }

  /** Together with all that is done in this turn of the event loop. */
  done(message: ConsumeMessage): void {
    this.#underWay.delete(tagOf(message));
    if (this.#done.push(message) === 1) setImmediate(() => this.tell());
  }

  /** At once. */
  tell(): void {
    const done = this.#done;
    this.#done = [];
    if (this.#signal.aborted || done.length === 0) return;
    const [firstUnderWay = Infinity] = this.#underWay;
    let last: ConsumeMessage | undefined;
    for (const message of done) {
      if (tagOf(message) > firstUnderWay) this.#channel.ack(message);
      else if (!last || tagOf(message) > tagOf(last)) last = message;
    }
    if (last) this.#channel.ack(last, true);
  }
}
