import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { fullJitter } from '../../background/backoff.ts';
import { orFail, within } from '../../within.ts';

/** Milliseconds. */
const [connectTimeout, setUpTimeout, goodbyeTimeout] = [10_000, 30_000, 1_000];
const [firstPause, longestPause] = [100, 2_000];

/** Without a reason if there will be a better one, as when a channel ends because its connection does. */
export type Lose = (reason?: Error) => void;

export interface LinkOptions {
  readonly url: string;
  /** Shown by the broker's tools. */
  readonly name: string;
  /**
   * Makes the channels on a new connection, before anything else uses it. A user that finds one of them broken calls
   * `lose`: the whole connection is given up, and another one is set up, so there is one way to recover.
   */
  readonly setUp: (connection: ChannelModel, lose: Lose) => Promise<readonly Channel[]>;
  /** The channels made by `setUp` are of no use any more. */
  readonly tearDown: () => void;
  readonly onLost: (reason: Error) => void;
  /** Another connection was set up after one was lost. */
  readonly onFoundAgain: () => void;
}

/** A connection to the broker that is made again, for ever, whenever it is lost. */
export class Link {
  readonly #options: LinkOptions;
  readonly #stopping = new AbortController();
  #connection: ChannelModel | undefined;
  #channels: readonly Channel[] = [];
  #cut: () => void = () => {};

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** The first connection; rejects when it cannot be made. */
  async open(): Promise<void> {
    await this.#connect();
  }

  /** Closes after everything sent before has reached the broker, if it listens. */
  async close(): Promise<void> {
    this.#stopping.abort();
    const connection = this.#connection;
    this.#connection = undefined;
    // One that does not answer does not take its leave either.
    if (connection) await within(goodbyeTimeout, this.#sayGoodbye(connection), () => {}).catch(() => {});
    this.#cut();
  }

  /** The word that closes a connection overtakes what its channels have to say. */
  async #sayGoodbye(connection: ChannelModel): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    await connection.close();
  }

  async #connect(): Promise<void> {
    const { url, name, setUp, tearDown } = this.#options;
    const abort = new AbortController();
    const { signal } = abort;
    const properties = { connection_name: name };
    const socket = { timeout: connectTimeout, noDelay: true, keepAlive: true, signal, clientProperties: properties };
    this.#cut = () => abort.abort();
    const connection = await connect(url, socket);
    const loss = Promise.withResolvers<never>();
    // Nobody may be waiting for it.
    loss.promise.catch(() => {});
    let isLost = false;
    let reason: Error | undefined;
    const lose: Lose = (why) => {
      reason ??= why;
      if (isLost) return;
      isLost = true;
      const wasUsed = connection === this.#connection;
      if (wasUsed) this.#forget();
      setImmediate(() => {
        const known = reason ?? new Error('The broker closed a channel.');
        loss.reject(known);
        if (wasUsed) this.#options.onLost(known);
      });
      abort.abort();
    };
    connection.on('error', lose);
    connection.on('close', lose);
    try {
      const done = Promise.race([setUp(connection, lose), loss.promise]);
      this.#channels = await within(
        setUpTimeout,
        done,
        orFail(() => new Error('The broker does not answer.')),
      );
      if (isLost) await loss.promise;
      this.#stopping.signal.throwIfAborted();
    } catch (error) {
      abort.abort();
      tearDown();
      throw error;
    }
    this.#connection = connection;
  }

  #forget(): void {
    this.#connection = undefined;
    this.#options.tearDown();
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal });
        await this.#connect();
        return this.#options.onFoundAgain();
      } catch {
        // The loss was told; a broker that is still away is no news.
      }
    }
  }
}
