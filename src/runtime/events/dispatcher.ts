// ADR 0005
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '#platform/logger.ts';
import { backgroundContext, runInContext } from '#platform/context.ts';
import type { Envelope } from './envelope.ts';
import type { OutboxTable, Stored } from './outbox-table.ts';
import { type Headers, inTraceOf } from '../background/headers.ts';
import { nobody, type Ownership } from '../background/ownership.ts';
import { ended, spanOf, type Tracing } from '../observability/spans.ts';
import { traceFields, traceOf } from '../observability/trace-context.ts';
import { markSpan, publishSpan } from './event-spans.ts';
import type { Transport } from './transport.ts';

const batch = 500;
/** Milliseconds in which delivered events are collected to be marked with one statement. */
const markingPause = 20;
/** Milliseconds for marking; nothing waits for it. */
const patience = 30_000;

/**
 * Brings events from the outbox to the transport: straight after the commit those that were just stored, and by
 * sweeping those that nobody alive delivers. The table is the truth: what a sweep finds under our number and is not
 * in memory was committed without our hearing of it, and whatever was forgotten here is found again that way.
 */
export class Dispatcher {
  readonly #table: OutboxTable;
  readonly #transport: Transport;
  readonly #ownership: Ownership;
  readonly #capacity: number;
  readonly #logger: Logger;
  readonly #tracing: Tracing | undefined;
  /** Work that follows a commit must not inherit the request and the transaction that it was part of. */
  readonly #detached = AsyncLocalStorage.snapshot();

  /** Given to the transport and not yet marked as published. */
  readonly #handedOver = new Map<number, Headers>();
  /** Marked lately: a commit that saw them unmarked may still be on its way here. */
  #marked = new Set<number>();
  #markedBefore = new Set<number>();
  /** By the position that has to be handed over first. */
  readonly #held = new Map<number, Envelope[]>();
  #safe: number[] = [];
  #marking = false;
  #adopting: Promise<void> | undefined;
  /** There is more in the table than was taken into memory. */
  #behind = false;
  #open = false;

  constructor(
    table: OutboxTable,
    transport: Transport,
    ownership: Ownership,
    capacity: number,
    logger: Logger,
    tracing?: Tracing,
  ) {
    this.#table = table;
    this.#transport = transport;
    this.#ownership = ownership;
    this.#capacity = capacity;
    this.#logger = logger;
    this.#tracing = tracing;
  }

  /** The owner under which new events are stored: nobody if memory is full, so that they wait in the table. */
  ownerOfNew(): number {
    if (this.#open && this.#handedOver.size < this.#capacity) return this.#ownership.owner;
    this.#behind = true;
    return nobody;
  }

  committed(envelopes: readonly Envelope[], stored: readonly Stored[]): void {
    if (!this.#open) return;
    const { unreached } = this.#transport;
    this.#detached(() => {
      envelopes.forEach((envelope, index) => {
        const { owner, after } = stored[index]!;
        if (owner === nobody || unreached.includes(envelope.name)) return;
        // Answers of concurrent commits overtake each other; the event before this one may be about to arrive.
        if (after === null || this.#isHandedOver(after)) this.#handOver(envelope);
        else this.#hold(after, envelope);
      });
    });
  }

  open(): void {
    this.#open = true;
  }

  /** Takes over what nobody alive delivers. */
  async sweep(): Promise<void> {
    this.#markedBefore = this.#marked;
    this.#marked = new Set();
    // Events held back for an earlier one are unknown from here on, so this sweep finds both.
    this.#held.clear();
    const { owner } = this.#ownership;
    if (owner === nobody || !this.#open) return;
    if (
      this.#behind ||
      (await this.#table.hasAdoptable(owner, [...this.#handedOver.keys()], this.#transport.unreached))
    )
      await this.#adopt();
  }

  /** Takes nothing new, and resolves when all that was handed over is safe and marked, or at `stop`. */
  async drain(): Promise<void> {
    this.close();
    while (this.#handedOver.size > 0) await sleep(5);
  }

  close(): void {
    this.#open = false;
    this.#held.clear();
  }

  stop(): void {
    this.close();
    this.#handedOver.clear();
    this.#safe.length = 0;
  }

  #isHandedOver(position: number): boolean {
    return this.#handedOver.has(position) || this.#marked.has(position) || this.#markedBefore.has(position);
  }

  #hold(after: number, envelope: Envelope): void {
    const held = this.#held.get(after);
    if (held) held.push(envelope);
    else this.#held.set(after, [envelope]);
  }

  #handOver(envelope: Envelope, isLate = false): void {
    const { position } = envelope;
    if (this.#isHandedOver(position)) return;
    this.#handedOver.set(position, envelope.headers);
    this.#publish(envelope, isLate).then(
      () => this.#isSafe(position),
      // Only a transport that was stopped rejects; the event stays in the outbox.
      () => this.#handedOver.delete(position),
    );
    const next = this.#held.get(position);
    if (!next) return;
    this.#held.delete(position);
    for (const waiting of next) this.#handOver(waiting);
  }

  /** Sends it on from the span of its publishing: all that comes of it is told below. */
  #publish(envelope: Envelope, isLate: boolean): Promise<void> {
    if (!this.#tracing) return this.#transport.publish(envelope);
    const sender = traceOf(envelope.headers);
    const start = publishSpan(envelope, this.#transport.system, isLate ? sender : undefined);
    const trace = this.#tracing.enter(start, sender);
    if (!spanOf(trace)) return this.#transport.publish(envelope);
    const headers = { ...envelope.headers, ...traceFields(trace) };
    return ended(trace, this.#transport.publish({ ...envelope, headers }));
  }

  #isSafe(position: number): void {
    this.#safe.push(position);
    if (!this.#marking) void this.#mark();
  }

  /** One statement at a time; what becomes safe meanwhile goes with the next. */
  async #mark(): Promise<void> {
    this.#marking = true;
    await sleep(markingPause);
    while (this.#safe.length > 0) {
      const positions = this.#safe.splice(0, batch);
      try {
        await this.#markInTrace(positions);
      } catch (error) {
        // Until it is marked it can be delivered again, which has no effect. Nothing is ours to mark after `stop`.
        inTraceOf(this.#handedOver.get(positions[0]!) ?? {}, () =>
          this.#logger.warn('Delivered events could not be marked yet.', { error, events: positions.length }),
        );
        this.#safe.unshift(...positions.filter((position) => this.#handedOver.has(position)));
        await sleep(1_000);
        continue;
      }
      for (const position of positions) {
        this.#handedOver.delete(position);
        this.#marked.add(position);
      }
      // If it fails, the next sweep tries again.
      if (this.#behind && this.#open && this.#handedOver.size < this.#capacity / 2) this.#adopt().catch(() => {});
    }
    this.#marking = false;
  }

  /** A trace of its own, linked to those of the events: they are marked by the hundred. Nothing where none of them is recorded. */
  #markInTrace(positions: readonly number[]): Promise<void> {
    const marking = () => this.#table.markPublished(positions);
    if (!this.#tracing) return marking();
    const events = positions.flatMap((position) => traceOf(this.#handedOver.get(position) ?? {}) ?? []);
    const recorded = events.filter(({ sampled }) => sampled);
    if (recorded.length === 0) return marking();
    const trace = this.#tracing.enter(markSpan(recorded), undefined);
    return runInContext(backgroundContext('outbox', patience, trace), () => ended(trace, marking()));
  }

  #adopt(): Promise<void> {
    return (this.#adopting ??= this.#adoptBatch().finally(() => (this.#adopting = undefined)));
  }

  async #adoptBatch(): Promise<void> {
    const { owner } = this.#ownership;
    const limit = Math.min(batch, this.#capacity - this.#handedOver.size);
    if (owner === nobody || limit <= 0) return;
    this.#behind = false;
    let adopted: Envelope[] | undefined;
    try {
      adopted = await this.#table.adopt(owner, [...this.#handedOver.keys()], this.#transport.unreached, limit);
    } finally {
      if (adopted === undefined || adopted.length === limit) this.#behind = true;
    }
    if (!this.#open) return;
    this.#detached(() => {
      for (const envelope of adopted) this.#handOver(envelope, true);
    });
  }
}
