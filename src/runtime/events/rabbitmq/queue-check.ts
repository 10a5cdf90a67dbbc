import type { Channel } from 'amqplib';

/**
 * Sees whether queues are there. The broker tells a publisher when an event went to no queue at all, and not when it
 * missed one of several, so for those somebody has to look, after it was confirmed.
 */
export class QueueCheck {
  readonly #channel: Channel;
  #asked: { readonly queues: readonly string[]; readonly seen: () => void }[] = [];
  #looking = false;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** Resolves when each was there at some time after the call; never where one is missing, which ends the channel. */
  seen(queues: readonly string[]): Promise<void> {
    return new Promise((resolve) => {
      this.#asked.push({ queues, seen: resolve });
      if (!this.#looking) void this.#look();
    });
  }

  /** Looks once; requests that come meanwhile wait for the next look. */
  async #look(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#asked.length > 0) {
        const asked = this.#asked.splice(0);
        for (const queue of new Set(asked.flatMap(({ queues }) => queues))) await this.#channel.checkQueue(queue);
        for (const { seen } of asked) seen();
      }
    } catch {
      // The channel's watcher hears of it, sets everything up and sends it again.
    }
    this.#looking = false;
  }
}
