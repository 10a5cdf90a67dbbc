// ADR 0063
import { setTimeout as sleep } from 'node:timers/promises';
import { fullJitter } from '../../background/backoff.ts';
import { inTraceOf } from '../../background/headers.ts';
import { KeyedWork } from '../../background/keyed-work.ts';
import { originOf } from '../cloud-event.ts';
import type { Envelope } from '../envelope.ts';
import type { Receiver, Subscription } from '../transport.ts';
import type { Fetched } from './log-reader.ts';
import { Membership, type MembershipOptions } from './membership.ts';
import type { Partition } from './partition.ts';
import type { Publisher } from './publisher.ts';
import { attributePrefix, headersOf, readRecord, toHeaders } from './records.ts';

/** Milliseconds. */
const [firstPause, longestPause] = [100, 5_000];

export interface DeliveriesOptions extends Pick<
  MembershipOptions,
  'address' | 'clientId' | 'topic' | 'group' | 'instance' | 'connection' | 'logger'
> {
  readonly subscription: Subscription;
  readonly receive: Receiver;
  readonly publisher: Publisher;
}

/**
 * Gives the events of one subscription to its receiver, those of one key one after the other, and commits each when the
 * receiver has it. What is not committed comes again, here or elsewhere, in the same order.
 */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  /** How much of each partition is under way is the limit. */
  readonly #work = new KeyedWork(Infinity, Infinity);
  readonly #membership: Membership;
  /** The offset after the last that was taken, by partition. */
  readonly #taken = new Map<number, bigint>();
  redelivered = 0;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#membership = new Membership({ ...options, take: (record, partition) => this.#take(record, partition) });
    this.#work.open();
  }

  start(): void {
    void this.#membership.join();
  }

  /** Begins nothing new; what is with a receiver has a little time to end. */
  async stop(): Promise<void> {
    await this.#membership.leave();
    this.#work.close();
  }

  #take(record: Fetched, partition: Partition): void {
    const { name, event } = this.#options.subscription;
    const again = record.offset < (this.#taken.get(partition.number) ?? 0n);
    if (again) this.redelivered++;
    else this.#taken.set(partition.number, record.offset + 1n);
    const read = readRecord(record, event.name);
    if (!read) return this.#pass(record, partition);
    const { envelope, unreadable } = read;
    if (envelope) this.#add(name, envelope.key, record, partition, () => this.#deliver(envelope, again, partition));
    else this.#add(name, String(record.key), record, partition, () => this.#putAside(record, partition, unreadable));
  }

  #pass({ offset }: Fetched, partition: Partition): void {
    partition.pass(offset);
    this.#membership.progress();
  }

  #add(lane: string, key: string, { offset }: Fetched, partition: Partition, work: () => Promise<boolean>): void {
    const run = async () => {
      await partition.do(offset, work);
      this.#membership.progress();
    };
    this.#work.add(lane, key, { run, drop: () => {} });
  }

  async #deliver(envelope: Envelope, again: boolean, { left }: Partition): Promise<boolean> {
    const { receive, logger } = this.#options;
    for (let attempt = 1; !left.aborted; attempt++) {
      try {
        await receive(envelope, again);
        return true;
      } catch (error) {
        inTraceOf(envelope.headers, () =>
          logger.debug('A delivery was not taken yet.', { error, event: envelope.name, eventId: envelope.id }),
        );
        await sleep(fullJitter(attempt, firstPause, longestPause), undefined, { signal: left }).catch(() => {});
      }
    }
    return false;
  }

  /** Out of the way of those behind it, and kept for a person to look at. */
  async #putAside(record: Fetched, partition: Partition, reason: string): Promise<boolean> {
    const { subscription, publisher, logger, topic } = this.#options;
    const origin = { topic, partition: String(partition.number), offset: String(record.offset) };
    inTraceOf(originOf(headersOf(record), attributePrefix), () =>
      logger.error('A record cannot be read and was put aside.', {
        error: reason,
        subscription: subscription.name,
        ...origin,
      }),
    );
    const kept = Object.entries(headersOf(record)).filter(
      (header): header is [string, string] => header[1] !== undefined,
    );
    const added = toHeaders({ ...Object.fromEntries(kept), subscription: subscription.name, reason, ...origin });
    const message = { ...(record.key && { key: record.key }), value: record.value ?? Buffer.alloc(0), headers: added };
    return publisher.putAside(message).then(
      () => true,
      () => false,
    );
  }
}
