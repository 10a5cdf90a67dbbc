// ADR 0006
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInContext } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import { placeOf } from '../background/headers.ts';
import { fullJitter } from '../background/backoff.ts';
import { nobody, type Ownership } from '../background/ownership.ts';
import { FairTurns } from '#platform/fair-turns.ts';
import type { Logger } from '#platform/logger.ts';
import type { SagaDefinition, SagaEnd, SagaImplementation } from '#platform/sagas.ts';
import { SagaRun, type SagaRunLimits, type SagaRunTools } from './saga-run.ts';
import { lineOf, type SagaRecord, type SagaTable } from './saga-table.ts';

export interface RegisteredSaga {
  readonly saga: SagaDefinition;
  readonly implementation: () => SagaImplementation<never>;
}

export interface SagaEngineLimits extends SagaRunLimits {
  /** Under way at once. */
  readonly sagas: number;
  readonly sweep: number;
}

/** In memory, waiting for others to end, for each one under way; what is more waits in the table. */
const queuedForEach = 16;

/** One line has at most one in so many of those under way. */
const linesAtOnce = 8;

interface Taken {
  readonly run: SagaRun;
  readonly line: string;
}

type SagaPlace = Pick<SagaRecord, 'name' | 'version' | 'id' | 'data'>;

const keyOf = ({ name, id }: Pick<SagaRecord, 'name' | 'id'>) => `${name}/${id}`;

/**
 * Decides which sagas this instance goes on with: those it started, straight after the commit, and those that are
 * due and have nobody alive. Rows under its number are in memory; one that sleeps until its next try is nobody's.
 */
export class SagaEngine {
  readonly #table: SagaTable;
  readonly #ownership: Ownership;
  readonly #registered: readonly RegisteredSaga[];
  readonly #limits: SagaEngineLimits;
  readonly #logger: Logger;
  readonly #tools: SagaRunTools;
  readonly #detached = AsyncLocalStorage.snapshot();
  /** Under way or queued. */
  readonly #runs = new Map<string, SagaRun>();
  readonly #share: number;
  readonly #turns: FairTurns<Taken>;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopping = new AbortController();
  readonly #metrics: SagaRunTools['metrics'];
  /** There is more in the table than was taken into memory. */
  #behind = false;
  #open = false;
  #idle: (() => void)[] = [];

  constructor(
    database: Database,
    table: SagaTable,
    ownership: Ownership,
    registered: readonly RegisteredSaga[],
    limits: SagaEngineLimits,
    logger: Logger,
    metrics: SagaRunTools['metrics'],
    tracing: SagaRunTools['tracing'],
  ) {
    this.#table = table;
    this.#ownership = ownership;
    this.#registered = registered;
    this.#limits = limits;
    this.#share = Math.ceil(limits.sagas / linesAtOnce);
    this.#turns = new FairTurns<Taken>(limits.sagas, this.#share);
    this.#logger = logger;
    this.#metrics = metrics;
    for (const { saga } of registered) metrics.endedSagas(saga.name);
    this.#tools = { database, table, limits, logger, metrics, tracing, owner: () => ownership.owner };
  }

  /** The owner under which a new saga is stored: nobody if there are enough in memory, of its line or in all. */
  ownerOfNew(saga: SagaPlace): number {
    const enough = this.#turns.countOf(this.#lineOf(saga)) >= this.#share * (1 + queuedForEach);
    if (this.#open && !enough && this.#runs.size < this.#limits.sagas * (1 + queuedForEach))
      return this.#ownership.owner;
    this.#behind = true;
    return nobody;
  }

  implementationOf(saga: Pick<SagaRecord, 'name' | 'version'>): SagaImplementation<never> {
    return this.#registrationOf(saga).implementation();
  }

  #registrationOf({ name, version }: Pick<SagaRecord, 'name' | 'version'>): RegisteredSaga {
    const registered = this.#registered.find(({ saga }) => saga.name === name && saga.version === version);
    if (!registered) throw new Error(`Version ${version} of the saga ${name} is not among the sagas of this module.`);
    return registered;
  }

  #lineOf = (saga: SagaPlace): string => lineOf(saga, this.#registrationOf(saga).saga.fairBy);

  /** It was stored just now, under our number. */
  started(record: SagaRecord): void {
    if (this.#open && record.owner !== nobody) this.#take(record, false);
  }

  /** Milliseconds that the saga whose turn is next has waited for it. */
  get longestWait(): number {
    return this.#turns.longestWait;
  }

  /** Sagas that this instance has in memory: under way, or waiting for their turn. */
  get underWay(): number {
    return this.#runs.size;
  }

  /** Its cancellation was stored just now. */
  cancelled(name: string, id: string, reason: SagaEnd): void {
    const run = this.#runs.get(keyOf({ name, id }));
    if (run) run.cancel(reason);
    else this.#sweepNow();
  }

  /** Resolves when this instance has no more to do with a saga for now; undefined if it has nothing to do with it. */
  released(name: string, id: string): Promise<{ ended: boolean }> | undefined {
    return this.#runs.get(keyOf({ name, id }))?.released;
  }

  open(): void {
    this.#open = true;
  }

  async sweep(): Promise<void> {
    const { owner } = this.#ownership;
    // Only what can start now: what waits is of lines that have their share.
    const limit = this.#limits.sagas - this.#turns.underWay;
    if (!this.#open || owner === nobody || limit <= 0 || this.#registered.length === 0) return;
    const known = this.#registered.map(({ saga }) => saga);
    this.#behind = false;
    const claimed = await this.#table.claim(owner, known, {
      mine: [...this.#runs.keys()],
      full: this.#turns.full,
      limit,
      share: this.#share,
    });
    const ofLines = [...Map.groupBy(claimed, this.#lineOf).values()];
    this.#behind ||= claimed.length === limit || ofLines.some(({ length }) => length === this.#share);
    for (const record of claimed) this.#take(record, true);
  }

  /** Sagas of a release that is newer or older than this one are its business; somebody should know of them. */
  async sweepUnknown(): Promise<void> {
    for (const { name, version, state, count } of await this.#table.countUnfinished()) {
      const known = this.#registered.some(({ saga }) => saga.name === name && saga.version === version);
      if (!known)
        this.#logger.warn('Sagas of a version that this release does not know are left alone.', {
          saga: name,
          version,
          state,
          count,
        });
    }
  }

  /** Counts those that have not ended, by saga and state. */
  async counts(): Promise<Record<string, Record<string, number>>> {
    const counts: Record<string, Record<string, number>> = {};
    for (const { saga } of this.#registered) {
      counts[saga.name] = {
        running: 0,
        undoing: 0,
        stuck: 0,
        unknown: 0,
      };
    }
    for (const { name, version, state, count } of await this.#table.countUnfinished()) {
      const known = this.#registered.some(({ saga }) => saga.name === name && saga.version === version);
      const ofSaga = (counts[name] ??= {});
      const label = known ? state : 'unknown';
      ofSaga[label] = (ofSaga[label] ?? 0) + count;
    }
    return counts;
  }

  /** Takes up nothing new; resolves when the steps under way are done. Later steps are left to the next instance. */
  async drain(): Promise<void> {
    this.#close();
    for (const run of this.#runs.values()) run.leave();
    if (this.#turns.underWay > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  stop(): void {
    this.#close();
    for (const run of this.#runs.values()) run.leave();
    this.#stopping.abort();
  }

  #close(): void {
    this.#open = false;
    this.#turns.clear();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #take(record: SagaRecord, resumed: boolean): void {
    const key = keyOf(record);
    if (!this.#open || this.#runs.has(key)) return;
    const line = this.#lineOf(record);
    const run = new SagaRun(record, resumed, this.implementationOf(record), this.#tools);
    this.#runs.set(key, run);
    this.#turns.add(line, { run, line });
    this.#detached(() => this.#startNext());
  }

  #startNext(): void {
    while (this.#open) {
      const next = this.#turns.next();
      if (!next) return;
      void runInContext(next.run.context, () => this.#finish(next));
    }
  }

  async #finish({ run, line }: Taken): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await run.advance();
        break;
      } catch (error) {
        const { name, id } = run.record;
        this.#logger.warn('A saga could not be saved; it goes on as soon as it can.', { error, saga: name, id });
        await sleep(fullJitter(attempt, 200, 5_000), undefined, { signal: this.#stopping.signal }).catch(() => {});
        if (this.#stopping.signal.aborted) break;
        run.resync();
      }
    }
    this.#turns.done(line);
    this.#release(run, line);
  }

  #release(run: SagaRun, line: string): void {
    this.#runs.delete(keyOf(run.record));
    if (run.hasEnded) {
      const { name, state, startedAt, headers } = run.record;
      const place = this.#tools.tracing && placeOf(headers);
      this.#metrics.endedSagas(name).finished(state, Date.now() - startedAt, place?.sampled ? place : undefined);
    }
    if (run.pause !== undefined) this.#wakeAfter(run.pause);
    run.release();
    this.#startNext();
    if (this.#turns.underWay === 0) for (const tell of this.#idle.splice(0)) tell();
    // It was let go of because it runs under a number that is not ours any more.
    const orphaned = !run.hasEnded && run.pause === undefined;
    const hasRoom = this.#turns.underWay <= this.#limits.sagas / 2 && this.#turns.countOf(line) <= this.#share / 2;
    if (orphaned || (this.#behind && hasRoom)) this.#sweepNow();
  }

  /** Longer pauses are the regular sweep's. */
  #wakeAfter(pause: number): void {
    if (!this.#open || pause > this.#limits.sweep) return;
    const wake = () => {
      this.#timers.delete(timer);
      this.#sweepNow();
    };
    const timer = this.#detached(() => setTimeout(wake, pause + 2));
    this.#timers.add(timer);
  }

  /** If the database is away, the next regular sweep finds what this one would have. */
  #sweepNow(): void {
    this.#detached(() => void this.sweep().catch(() => {}));
  }
}
