// ADR 0063
import { setTimeout as sleep } from 'node:timers/promises';
import { compatibilityPartitioner, ProduceAcks, Producer } from '@platformatic/kafka';
import { fullJitter } from '../../background/backoff.ts';
import { orFail, within } from '../../within.ts';
import type { Envelope } from '../envelope.ts';
import type { BrokerAddress } from './broker-address.ts';
import { clientOptions, type Connection, cut } from './connection.ts';
import { ownerOf } from '../transport.ts';
import { type Message, messageOf } from './records.ts';
import type { Topics } from './topics.ts';

/** The most that is sent at once. A broker takes a megabyte unless told otherwise. */
const [mostRecords, mostBytes] = [500, 512 * 1024];
/** Milliseconds. */
const sendTimeout = 15_000;
const [firstPause, longestPause] = [100, 2_000];

interface Unsent {
  readonly message: Message;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Records that wait for one topic; the line exists exactly while a batch of it is on its way. */
type Line = Unsent[];

/**
 * Sends events, and is done with each when the cluster has it on enough replicas. Of one topic, one batch is on its way
 * at a time, because each send tries again on its own: a later one would overtake it in the log.
 */
export class Publisher {
  readonly #address: BrokerAddress;
  readonly #clientId: string;
  readonly #topics: Topics;
  readonly #connection: Connection;
  readonly #lines = new Map<string, Line>();
  readonly #stopping = new AbortController();
  #producer: Producer | undefined;
  /** Events published; one that is sent again counts again. */
  published = 0;
  confirmed = 0;
  unconfirmed = 0;

  constructor(address: BrokerAddress, clientId: string, topics: Topics, connection: Connection) {
    this.#address = address;
    this.#clientId = clientId;
    this.#topics = topics;
    this.#connection = connection;
  }

  publish(envelope: Envelope): Promise<void> {
    return this.#send(messageOf(envelope, this.#topics.eventsOf(ownerOf(envelope.name))));
  }

  /** Keeps a record that is no event of the subscription, for a person to look at. */
  putAside(record: Omit<Message, 'topic'>): Promise<void> {
    return this.#send({ ...record, topic: this.#topics.unreadable });
  }

  /** Rejects what is not confirmed: its giver keeps it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { reject } of [...this.#lines.values()].flat()) reject(stopped());
    this.#lines.clear();
    this.unconfirmed = 0;
    await this.#discard();
  }

  #send(message: Message): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#stopping.signal.aborted) return reject(stopped());
      this.unconfirmed++;
      const unsent = { message, resolve, reject };
      const line = this.#lines.get(message.topic);
      if (line) return void line.push(unsent);
      const begun = [unsent];
      this.#lines.set(message.topic, begun);
      // Events published in the same turn of the event loop go together.
      setImmediate(() => void this.#empty(message.topic, begun));
    });
  }

  async #empty(topic: string, line: Line): Promise<void> {
    while (line.length > 0 && !this.#stopping.signal.aborted) {
      const batch = line.slice(0, lengthOfBatch(line));
      await this.#untilSafe(batch.map(({ message }) => message));
      if (this.#stopping.signal.aborted) return;
      line.splice(0, batch.length);
      this.confirmed += batch.length;
      this.unconfirmed -= batch.length;
      for (const { resolve } of batch) resolve();
    }
    this.#lines.delete(topic);
  }

  async #untilSafe(messages: Message[]): Promise<void> {
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        this.published += messages.length;
        const producer = (this.#producer ??= this.#open());
        const sent = producer.send({ messages, acks: ProduceAcks.ALL });
        await within(
          sendTimeout,
          sent,
          orFail(() => new Error('Kafka does not answer.')),
        );
        return this.#connection.works(this);
      } catch (error) {
        if (signal.aborted) return;
        this.#connection.failed(this, error);
        // Its send may still reach the log, after the next one. What is sent twice has no effect twice.
        await this.#discard();
        await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal }).catch(() => {});
      }
    }
  }

  #open(): Producer {
    return new Producer({
      ...clientOptions(this.#address, `${this.#clientId}-publishing`),
      requestTimeout: sendTimeout,
      idempotent: true,
      // The one that Kafka's own clients have: the same key, the same partition, whoever sends it.
      partitioner: compatibilityPartitioner,
    });
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer) await cut(producer);
  }
}

function lengthOfBatch(line: Line): number {
  let bytes = 0;
  let length = 0;
  while (length < Math.min(line.length, mostRecords)) {
    bytes += line[length]!.message.value.length;
    if (length > 0 && bytes > mostBytes) break;
    length++;
  }
  return length;
}

const stopped = () => new Error('The transport was stopped.');
