// ADR 0063
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionPool, Consumer, ListOffsetTimestamps, ProduceAcks, Producer } from '@platformatic/kafka';
import type { Logger } from '#platform/logger.ts';
import { BroadcastListeners } from '../broadcast-listeners.ts';
import type { BrokerAddress } from './broker-address.ts';
import { clientOptions, type Connection } from './connection.ts';
import { fetchFrom, leadersOf } from './log-reader.ts';
import { headersOf, type Record, toHeaders } from './records.ts';

/** Instead of a topic: the sender was away, and what it said then reached nobody. */
const gap = '';
/** Milliseconds. */
const pause = 500;

/** Messages to all processes: each reads one topic from its end on, in no group, and commits nothing. */
export class Broadcasts {
  readonly #address: BrokerAddress;
  readonly #clientId: string;
  readonly #topic: string;
  readonly #connection: Connection;
  readonly #logger: Logger;
  readonly #listeners = new BroadcastListeners();
  /** Broadcasts of this process come back to it, and it has heard them already. */
  readonly #self = randomUUID();
  readonly #stopping = new AbortController();
  readonly #open = new Set<{ close(): Promise<void> }>();
  #producer: Producer | undefined;
  #lostSome = false;

  constructor(address: BrokerAddress, clientId: string, topic: string, connection: Connection, logger: Logger) {
    this.#address = address;
    this.#clientId = clientId;
    this.#topic = topic;
    this.#connection = connection;
    this.#logger = logger;
  }

  listen(topic: string, hear: (message: string) => void, miss: (() => void) | undefined): void {
    this.#listeners.add(topic, { hear, miss });
  }

  tell(topic: string, message: string): void {
    this.#listeners.tell(topic, message);
    if (this.#lostSome) return;
    this.#send(topic, message).catch(() => void this.#tellOfGap());
  }

  /** Resolves when it hears. */
  async start(): Promise<void> {
    const reader = await this.#reader();
    void this.#listen(reader);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.allSettled([...this.#open].map((client) => client.close()));
  }

  async #send(topic: string, message: string): Promise<void> {
    const options = { ...clientOptions(this.#address, `${this.#clientId}-telling`), retries: 1 };
    if (!this.#producer) this.#open.add((this.#producer = new Producer(options)));
    const headers = toHeaders({ topic, sender: this.#self });
    const record = { topic: this.#topic, value: Buffer.from(message), headers };
    await this.#producer.send({ messages: [record], acks: ProduceAcks.LEADER });
  }

  /** As soon as it can be told. */
  async #tellOfGap(): Promise<void> {
    if (this.#lostSome) return;
    this.#lostSome = true;
    while (this.#lostSome && !this.#stopping.signal.aborted) {
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {});
      this.#lostSome = await this.#send(gap, '').then(
        () => false,
        () => true,
      );
    }
  }

  /** Reads from where the topic ends now. */
  async #reader() {
    const options = clientOptions(this.#address, `${this.#clientId}-hearing`);
    const consumer = new Consumer({ ...options, groupId: this.#self, autocommit: false });
    const pool = new ConnectionPool(options.clientId, options);
    const topic = this.#topic;
    const close = async () => void (await Promise.allSettled([consumer.close(true), pool.close()]));
    const client = { close };
    this.#open.add(client);
    try {
      consumer.topics.track(topic);
      const ends = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST });
      let next = ends.get(topic)![0]!;
      const read = async (): Promise<readonly Record[]> => {
        const [leader] = await leadersOf(consumer, topic);
        const [chunk] = await fetchFrom(consumer, pool, leader!, topic, new Map([[0, next]]));
        next = chunk?.next ?? next;
        return chunk?.records ?? [];
      };
      const end = async () => {
        this.#open.delete(client);
        await close();
      };
      return { read, end };
    } catch (error) {
      this.#open.delete(client);
      await close();
      throw error;
    }
  }

  async #listen(first: { read(): Promise<readonly Record[]>; end(): Promise<void> }): Promise<void> {
    let reader: typeof first | undefined = first;
    while (!this.#stopping.signal.aborted) {
      try {
        if (!reader) {
          reader = await this.#reader();
          this.#guarded(() => this.#listeners.tellOfGap());
        }
        for (const record of await reader.read()) this.#hear(record);
        this.#connection.works(this);
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#connection.failed(this, error);
        await reader?.end();
        reader = undefined;
        await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    }
  }

  #hear(record: Record): void {
    const { topic, sender } = headersOf(record);
    if (sender === this.#self) return;
    this.#guarded(() => {
      if (topic === gap) this.#listeners.tellOfGap();
      else if (topic !== undefined) this.#listeners.tell(topic, record.value?.toString() ?? '');
    });
  }

  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#logger.error('A listener to broadcasts failed.', { error });
    }
  }
}
