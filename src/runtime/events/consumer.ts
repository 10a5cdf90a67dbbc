// ADR 0005
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CallContext, currentContext, runInContext } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import type { Delivery, Reaction } from '#platform/module.ts';
import type { Logger } from '#platform/logger.ts';
import { errorTypeOf } from '../observability/error-type.ts';
import type { OutcomeMeter } from '../observability/meters.ts';
import type { Metrics } from '../observability/metrics.ts';
import { currentSpan, ended, spanOf, type Tracing } from '../observability/spans.ts';
import { continued, traceOf } from '../observability/trace-context.ts';
import { fullJitter } from '../background/backoff.ts';
import { contextOf } from '../background/headers.ts';
import type { Envelope } from './envelope.ts';
import { processSpan } from './event-spans.ts';
import type { Held, InboxTable, Waiting } from './inbox-table.ts';
import { KeyedWork } from '../background/keyed-work.ts';
import { type Payload, readPayload } from './payload.ts';
import type { Subscription } from './transport.ts';
import { orFail, within } from '../within.ts';

export interface Subscriber extends Subscription {
  readonly handle: () => Reaction<never>;
}

export interface ConsumerLimits {
  readonly deliveries: number;
  readonly attempts: number;
  readonly reactionTimeout: number;
  readonly firstPause: number;
  readonly longestPause: number;
  readonly sweep: number;
}

/** How deliveries are traced, and what brings them. */
export interface ConsumerTracing {
  readonly tracing: Tracing | undefined;
  readonly system: string;
}

/** A message that cannot be read, and will not be readable next time. */
class Unreadable extends Error {}

/** How many due deliveries are fetched at once. */
const batch = 100;

/**
 * Runs the reactions of one module. A delivery, its inbox row and what the reaction writes are one transaction, so
 * a reaction takes effect once however often its event arrives. One that fails is kept in the inbox and tried again
 * from there, which holds up later events with its key for its own subscription, and nothing else.
 */
export class Consumer {
  readonly #database: Database;
  readonly #inbox: InboxTable;
  readonly #subscribers: ReadonlyMap<string, Subscriber>;
  readonly #limits: ConsumerLimits;
  readonly #logger: Logger;
  readonly #metrics: Pick<Metrics, 'deliveries' | 'reactions'>;
  readonly #traced: ConsumerTracing;
  /** Tries of each subscription's reaction. */
  readonly #tries: ReadonlyMap<string, OutcomeMeter<string>>;
  readonly #work: KeyedWork;
  readonly #detached = AsyncLocalStorage.snapshot();
  readonly #queuedRetries = new Set<string>();
  /** The last look found as many as it asked for. */
  #moreIsDue = false;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopping = new AbortController();
  #draining = false;

  constructor(
    database: Database,
    inbox: InboxTable,
    subscribers: readonly Subscriber[],
    limits: ConsumerLimits,
    logger: Logger,
    metrics: Pick<Metrics, 'deliveries' | 'reactions'>,
    traced: ConsumerTracing,
  ) {
    this.#database = database;
    this.#inbox = inbox;
    this.#subscribers = new Map(subscribers.map((subscriber) => [subscriber.name, subscriber]));
    this.#limits = limits;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#traced = traced;
    this.#tries = new Map(
      subscribers.map(({ name, event }) => [name, metrics.reactions(traced.system, event.name, name)]),
    );
    const laneLimit = subscribers.length > 1 ? Math.ceil(limits.deliveries / 2) : limits.deliveries;
    this.#work = new KeyedWork(limits.deliveries, laneLimit);
  }

  /** Resolves when the delivery is in the inbox; rejects when this consumer stops first. */
  receive(subscriber: Subscriber, envelope: Envelope, again = false): Promise<void> {
    return new Promise((resolve, reject) => {
      const drop = () => reject(new Error(`${subscriber.name} takes no deliveries any more.`));
      if (this.#draining) return drop();
      const run = async () => {
        const context = this.#contextOf(subscriber.name, envelope, 1, again);
        const accepted = runInContext(context, () => this.#untilAccepted(subscriber, envelope));
        await ended(context.trace, accepted).then(resolve, reject);
      };
      this.#detached(() => this.#work.add(subscriber.name, envelope.key, { run, drop }));
    });
  }

  /** Nothing is delivered before. */
  open(): void {
    this.#work.open();
  }

  /** Tries again what is due: what this instance failed at, and what another one left. */
  async sweep(): Promise<void> {
    if (this.#draining || this.#subscribers.size === 0) return;
    const due = await this.#inbox.due([...this.#subscribers.keys()], batch);
    this.#moreIsDue = due.length === batch;
    for (const waiting of due) this.#retry(waiting);
  }

  /** Finds what a crash left without a time for its next try, and what nobody subscribes to any more. */
  async sweepForgotten(): Promise<void> {
    const names = [...this.#subscribers.keys()];
    await this.#inbox.promoteForgotten(names);
    for (const { subscription, count } of await this.#inbox.abandoned(names)) {
      this.#logger.warn('Deliveries wait for a reaction that is not here any more.', { subscription, count });
    }
  }

  /** Takes nothing new; resolves when what was taken is done. */
  async drain(): Promise<void> {
    this.#draining = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#work.idle();
  }

  stop(): void {
    this.#draining = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#stopping.abort();
    this.#work.close();
  }

  /** All that is done for a delivery is part of the trace that its event comes from. */
  #contextOf(subscription: string, envelope: Envelope, attempt: number, again = false): CallContext {
    const { tracing, system } = this.#traced;
    const sender = traceOf(envelope.headers);
    const trace = tracing
      ? tracing.enter(processSpan(envelope, system, { subscription, attempt, again, sender }), sender)
      : continued(sender);
    return contextOf(envelope.headers, this.#limits.reactionTimeout, trace);
  }

  /** The inbox cannot be reached now and then; until it has the delivery, nothing later with its key may pass. */
  async #untilAccepted(subscriber: Subscriber, envelope: Envelope): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#accept(subscriber, envelope);
      } catch (error) {
        this.#logger.warn('A delivery could not be stored yet.', { error, ...about(subscriber.name, envelope) });
        await sleep(fullJitter(attempt, 100, 1_000), undefined, { signal: this.#stopping.signal });
      }
    }
  }

  async #accept(subscriber: Subscriber, envelope: Envelope): Promise<void> {
    if (this.#isForSibling(subscriber, envelope)) return;
    const payload = readPayload(subscriber.event, envelope);
    if (payload.unreadable !== undefined) return this.#bury(subscriber.name, envelope, payload.unreadable);
    let reacting = false;
    let outcome;
    try {
      outcome = await this.#database.transaction(async () => {
        const state = await this.#inbox.accept(subscriber.name, envelope);
        if (state === 'waiting') await this.#inbox.keepForLater(subscriber.name, envelope);
        reacting = state === 'done';
        if (reacting) await this.#react(subscriber, envelope, payload, 1);
        return state;
      });
    } catch (error) {
      // Without a reaction it is the inbox that failed, and the delivery is as new as before.
      if (!reacting) throw error;
      return this.#failed(subscriber.name, envelope, error);
    }
    if (outcome === 'done') this.#metrics.deliveries(subscriber.name).done(ageOf(envelope), currentSpan());
    // The one it waits for may have been finished by another instance just before this row could be seen.
    if (outcome === 'waiting') await this.#next(subscriber.name, envelope.key);
  }

  /** Routes each version of an event to the reaction for that version. */
  #isForSibling({ event }: Subscriber, { name, version }: Envelope): boolean {
    if (version === event.version) return false;
    return [...this.#subscribers.values()].some(
      (other) => other.event.name === name && other.event.version === version,
    );
  }

  async #react({ handle, name }: Subscriber, envelope: Envelope, { payload }: Payload, attempt: number): Promise<void> {
    const { reactionTimeout } = this.#limits;
    const { id: eventId, key, occurredAt } = envelope;
    const delivery: Delivery = { eventId, key, occurredAt: new Date(occurredAt), attempt };
    const context = contextOf(envelope.headers, reactionTimeout, currentContext()!.trace);
    const reaction = async () => handle()(payload as never, delivery);
    const started = performance.now();
    let outcome = '';
    try {
      await within(
        reactionTimeout,
        runInContext(context, reaction),
        orFail(() => new Error(`${name} took too long.`)),
      );
    } catch (error) {
      outcome = errorTypeOf(error);
      throw error;
    } finally {
      this.#tries.get(name)!.finished(outcome, performance.now() - started, spanOf(context.trace));
    }
  }

  async #failed(subscription: string, envelope: Envelope, error: unknown): Promise<void> {
    const pause = this.#pauseAfter(1);
    await this.#inbox.insertFailed(subscription, envelope, { attempts: 1, error: describe(error), pause });
    this.#report(subscription, envelope, 1, pause, error);
  }

  async #bury(subscription: string, envelope: Envelope, error: string): Promise<void> {
    await this.#inbox.insertFailed(subscription, envelope, { attempts: 1, error, pause: undefined });
    this.#report(subscription, envelope, 1, undefined, error);
  }

  #retry(waiting: Waiting): void {
    const { subscription, eventId, key } = waiting;
    const subscriber = this.#subscribers.get(subscription);
    const id = `${subscription} ${eventId}`;
    if (!subscriber || this.#draining || this.#queuedRetries.has(id)) return;
    this.#queuedRetries.add(id);
    const drop = () => void this.#queuedRetries.delete(id);
    const run = async () => {
      try {
        await this.#tryAgain(subscriber, waiting);
      } catch (error) {
        this.#logger.warn('A delivery could not be tried again yet.', { error, subscription, eventId });
      } finally {
        drop();
        if (this.#moreIsDue && this.#queuedRetries.size === 0) this.#sweepNow();
      }
    };
    this.#detached(() => this.#work.add(subscription, key, { run, drop }));
  }

  async #tryAgain(subscriber: Subscriber, waiting: Waiting): Promise<void> {
    let held: Held | undefined;
    let context: CallContext | undefined;
    try {
      await this.#database.transaction(async () => {
        held = await this.#inbox.hold(waiting);
        if (!held) return;
        const taken = held;
        context = this.#contextOf(subscriber.name, taken.event, taken.attempts + 1);
        await runInContext(context, () => this.#reactAgain(subscriber, taken));
      });
    } catch (error) {
      if (!held || !context) throw error;
      const failed = held;
      return await runInContext(context, () => this.#failedAgain(failed, error));
    } finally {
      spanOf((context as CallContext | undefined)?.trace)?.end();
    }
    if (!held) return;
    this.#metrics
      .deliveries(subscriber.name)
      .done(ageOf((held as Held).event), spanOf((context as CallContext | undefined)?.trace));
    await this.#next(subscriber.name, (held as Held).key);
  }

  async #reactAgain(subscriber: Subscriber, held: Held): Promise<void> {
    const payload = readPayload(subscriber.event, held.event);
    if (payload.unreadable !== undefined) throw new Unreadable(payload.unreadable);
    await this.#react(subscriber, held.event, payload, held.attempts + 1);
    await this.#inbox.finish(held);
  }

  async #failedAgain(held: Held, error: unknown): Promise<void> {
    const attempts = held.attempts + 1;
    const pause = error instanceof Unreadable ? undefined : this.#pauseAfter(attempts);
    await this.#inbox.failAgain(held, { error: describe(error), pause });
    this.#report(held.subscription, held.event, attempts, pause, error);
    if (pause === undefined) await this.#next(held.subscription, held.key);
  }

  async #next(subscription: string, key: string): Promise<void> {
    const next = await this.#inbox.promoteNext(subscription, key);
    if (next) this.#retry(next);
  }

  #pauseAfter(attempts: number): number | undefined {
    const { firstPause, longestPause } = this.#limits;
    return attempts < this.#limits.attempts ? fullJitter(attempts, firstPause, longestPause) : undefined;
  }

  #report(subscription: string, envelope: Envelope, attempts: number, pause: number | undefined, error: unknown): void {
    const meter = this.#metrics.deliveries(subscription);
    const fields = { error, attempts, ...about(subscription, envelope) };
    currentSpan()?.fail(error);
    if (pause === undefined) {
      meter.dead();
      this.#logger.error('A delivery was given up.', fields);
    } else {
      meter.retried();
      this.#logger.warn('A reaction failed and will be tried again.', fields);
      this.#wakeAfter(pause);
    }
  }

  /** Longer pauses are the sweep's. */
  #wakeAfter(pause: number): void {
    if (this.#draining || pause > this.#limits.sweep) return;
    const wake = () => {
      this.#timers.delete(timer);
      this.#sweepNow();
    };
    const timer = this.#detached(() => setTimeout(wake, pause + 2));
    this.#timers.add(timer);
  }

  /** If the database is away, the next regular sweep finds what this one would have. */
  #sweepNow(): void {
    this.sweep().catch(() => {});
  }
}

const about = (subscription: string, { id, name, key }: Envelope) => ({ subscription, event: name, eventId: id, key });

const ageOf = ({ occurredAt }: Envelope): number => Math.max(0, Date.now() - Date.parse(occurredAt));

/** Describes an error for the operator, beside its payload; no stack, since it is kept. */
function describe(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 2_000);
}
