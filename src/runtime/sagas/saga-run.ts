// ADR 0006
import { type CallContext, currentContext, runInContext } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import { Failure, NotAsked, platformErrors } from '#platform/errors.ts';
import { fullJitter } from '../background/backoff.ts';
import { contextOf, placeOf } from '../background/headers.ts';
import { nobody } from '../background/ownership.ts';
import { orFail, within } from '../within.ts';
import type { Logger } from '#platform/logger.ts';
import { errorTypeOf } from '../observability/error-type.ts';
import type { Metrics } from '../observability/metrics.ts';
import { ended, spanOf, type Tracing } from '../observability/spans.ts';
import { finalReason, timedOut, type SagaEnd, type SagaImplementation, type Step } from '#platform/sagas.ts';
import { stepSpan, storeSpan, tellSaga } from './saga-spans.ts';
import { type Progress, type SagaData, type SagaRecord, type SagaTable, triesUntilStuck } from './saga-table.ts';

export interface SagaRunLimits {
  /** The time for one try of a step. */
  readonly stepTimeout: number;
  readonly firstPause: number;
  readonly longestPause: { readonly step: number; readonly undo: number };
}

export interface SagaRunTools {
  readonly database: Database;
  readonly table: SagaTable;
  readonly owner: () => number;
  readonly limits: SagaRunLimits;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'stepRetried' | 'steps' | 'endedSagas'>;
  readonly tracing: Tracing | undefined;
}

/** The row is not as it was: cancelled, or in other hands. Rolls a local step back. */
class Superseded extends Error {}

/**
 * Moves one saga on, step by step, until it has ended, sleeps, or is somebody else's. Every save is fenced by the
 * revision it started from, so of two instances that both believe to have a saga only one gets anywhere.
 */
export class SagaRun {
  readonly #tools: SagaRunTools;
  readonly #steps: readonly Step<SagaData>[];
  readonly #released = Promise.withResolvers<{ ended: boolean }>();
  /** By the monotonic clock. */
  readonly #deadline: number;
  #record: SagaRecord;
  /** Somebody has asked for it to be undone; the row says so too. */
  #cancelled: SagaEnd | null;
  /** An earlier try of the next step, here or in an instance that died, may have happened. */
  #uncertain: boolean;
  #inSync = true;
  #leaving = false;
  #pause: number | undefined;

  constructor(record: SagaRecord, resumed: boolean, { steps }: SagaImplementation<never>, tools: SagaRunTools) {
    this.#steps = steps as readonly Step<SagaData>[];
    this.#tools = tools;
    this.#record = record;
    this.#cancelled = record.cancelled;
    this.#deadline = performance.now() + record.remaining;
    this.#uncertain = resumed;
  }

  get record(): SagaRecord {
    return this.#record;
  }

  /** Milliseconds until it is to be taken up again, if it sleeps. */
  get pause(): number | undefined {
    return this.#pause;
  }

  get hasEnded(): boolean {
    return this.#record.state === 'completed' || this.#record.state === 'undone';
  }

  get released(): Promise<{ ended: boolean }> {
    return this.#released.promise;
  }

  release(): void {
    this.#released.resolve({ ended: this.hasEnded });
  }

  cancel(reason: SagaEnd): void {
    this.#cancelled ??= reason;
  }

  /** It stops after the step under way. */
  leave(): void {
    this.#leaving = true;
  }

  /** Marks memory as possibly different from what is stored. */
  resync(): void {
    this.#inSync = false;
  }

  /** The context of all that is done for the saga as a whole. */
  get context(): CallContext {
    const { headers, remaining } = this.#record;
    return contextOf(headers, remaining, placeOf(headers));
  }

  /** In its context. Rejects when the database cannot be reached; `resync` and try again then. */
  async advance(): Promise<void> {
    while (!this.#leaving && this.#isOurs()) {
      const { state } = this.#record;
      if (!this.#inSync) await this.#read();
      else if (state === 'running') await this.#forward();
      else if (state === 'undoing') await this.#backward();
      else return;
    }
  }

  /** While this instance has no number, nothing is its own, and neither is what sleeps. */
  #isOurs(): boolean {
    const { owner } = this.#record;
    return owner !== nobody && owner === this.#tools.owner();
  }

  async #forward(): Promise<void> {
    const index = this.#nextToRun(this.#record.step);
    const step = this.#steps[index];
    const reason = this.#cancelled ?? (this.#isOverdue() ? timedOut : undefined);
    if (reason) return this.#turnBack(reason, index, this.#uncertain);
    if (!step) return this.#save({ ...this.#record, state: 'completed', step: index, error: null });

    const timeout = Math.min(this.#tools.limits.stepTimeout, this.#remaining());
    const run = async (): Promise<Progress> => {
      const { data } = this.#record;
      const result = await this.#try(timeout, () => step.run!(data, { key: this.#keyOf(step) }));
      const next = this.#nextToRun(index + 1);
      const state = next < this.#steps.length ? 'running' : 'completed';
      return { ...this.#record, state, step: next, data: { ...data, ...result }, attempts: 0, error: null };
    };
    await this.#inSpan(step, 'run', async () => {
      const failure = await this.#saveOutcomeOf(step, run);
      if (failure) await this.#runFailed(index, step, failure.error);
      return failure;
    });
  }

  async #runFailed(index: number, step: Step<SagaData>, error: unknown): Promise<void> {
    const final = finalReason(error);
    const mayHaveRun = this.#uncertain || !final;
    if (final) return this.#turnBack(final, index, mayHaveRun);
    if (this.#isOverdue()) return this.#turnBack(timedOut, index, mayHaveRun);
    const { firstPause, longestPause } = this.#tools.limits;
    await this.#sleep(step, error, fullJitter(this.#record.attempts + 1, firstPause, longestPause.step));
  }

  /** `index` is the step that was next. */
  async #turnBack(reason: SagaEnd, index: number, mayHaveRun: boolean): Promise<void> {
    // A local step that was not saved has not happened.
    const last = mayHaveRun && this.#steps[index]?.local !== true ? index : index - 1;
    await this.#save({ ...this.#record, ...this.#backTo(last), reason });
  }

  async #backward(): Promise<void> {
    const index = this.#nextToUndo(this.#record.step);
    const step = this.#steps[index];
    if (!step) return this.#save({ ...this.#record, ...this.#backTo(index) });
    const { data, reason } = this.#record;
    const undo = async (): Promise<Progress> => {
      await this.#try(this.#tools.limits.stepTimeout, () =>
        step.undo!(data, { key: this.#keyOf(step), reason: reason! }),
      );
      return { ...this.#record, ...this.#backTo(index - 1) };
    };
    await this.#inSpan(step, 'undo', async () => {
      const failure = await this.#saveOutcomeOf(step, undo);
      const { firstPause, longestPause } = this.#tools.limits;
      if (failure)
        await this.#sleep(step, failure.error, fullJitter(this.#record.attempts + 1, firstPause, longestPause.undo));
      return failure;
    });
  }

  /** One try of a step, with what is saved of it. */
  async #inSpan(
    { name }: Step<SagaData>,
    direction: 'run' | 'undo',
    work: () => Promise<{ error: unknown } | undefined>,
  ): Promise<void> {
    const { tracing } = this.#tools;
    const context = currentContext()!;
    const trace = tracing ? tracing.enter(stepSpan(this.#record, name, direction), context.trace) : context.trace;
    const span = spanOf(trace);
    const started = performance.now();
    let outcome = '';
    try {
      const failure = await runInContext(context.at(trace), work);
      if (!failure) return;
      outcome = errorTypeOf(failure.error);
      span?.fail(failure.error);
    } finally {
      this.#tools.metrics
        .steps(this.#record.name, name, direction)
        .finished(outcome, performance.now() - started, span);
      span?.end();
    }
  }

  /** Progress that leaves `index` and the steps before it to be undone. */
  #backTo(index: number): Pick<Progress, 'state' | 'step' | 'attempts' | 'error'> {
    const next = this.#nextToUndo(index);
    return { state: next < 0 ? 'undone' : 'undoing', step: Math.max(next, 0), attempts: 0, error: null };
  }

  /** A local step and what is saved of it are one transaction. Gives what the step failed with. */
  async #saveOutcomeOf(step: Step<SagaData>, work: () => Promise<Progress>): Promise<{ error: unknown } | undefined> {
    let progress: Progress | undefined;
    try {
      if (step.local) {
        await this.#tools.database.transaction(async () => {
          progress = await work();
          if (!(await this.#tools.table.save(this.#record, progress))) throw new Superseded();
        });
      } else {
        progress = await work();
      }
    } catch (error) {
      if (!(error instanceof Superseded)) return { error };
      this.#inSync = false;
      return undefined;
    }
    if (step.local) this.#apply(progress!);
    else await this.#save(progress!);
    return undefined;
  }

  async #try<T>(timeout: number, work: () => Promise<T>): Promise<T> {
    const context = contextOf(this.#record.headers, timeout, currentContext()!.trace);
    // A provider may ignore the signal, so the engine itself stops waiting too.
    return within(
      timeout,
      runInContext(context, async () => work()),
      orFail(() => platformErrors.deadlineExceeded()),
    );
  }

  async #sleep(step: Step<SagaData>, error: unknown, pause: number): Promise<void> {
    const attempts = this.#record.attempts + 1;
    const waitsFor = whyNotTried(error);
    if (waitsFor === undefined) this.#report(step, error, attempts);
    // The breaker has told the operator once; every saga that waits for it is no news.
    else
      this.#tools.logger.debug(`A saga waits: ${waitsFor}`, {
        saga: this.#record.name,
        id: this.#record.id,
        step: step.name,
      });
    await this.#save({ ...this.#record, attempts, error: (waitsFor ?? String(error)).slice(0, 2_000), sleep: pause });
  }

  #report(step: Step<SagaData>, error: unknown, attempts: number): void {
    const { name, id, state } = this.#record;
    const { logger, metrics } = this.#tools;
    const fields = { error, saga: name, id, step: step.name, attempts };
    metrics.stepRetried(name, step.name);
    if (state === 'undoing' && attempts >= triesUntilStuck)
      logger.error('A step of a saga could not be undone; it will be tried again.', fields);
    else logger.warn('A step of a saga failed and will be tried again.', fields);
  }

  async #save(progress: Progress): Promise<void> {
    if (await this.#outsideTry('save', () => this.#tools.table.save(this.#record, progress)))
      return this.#apply(progress);
    // A step's result is of use to its undoing even if it could not be saved.
    this.#record = { ...this.#record, data: progress.data };
    this.#inSync = false;
  }

  #apply({ state, step, data, reason, attempts, sleep }: Progress): void {
    const owner = sleep === undefined ? this.#record.owner : nobody;
    this.#record = { ...this.#record, state, step, data, reason, attempts, owner, revision: this.#record.revision + 1 };
    // After a failed try, the step to come is still the one that was tried.
    this.#uncertain = sleep !== undefined;
    this.#pause = sleep;
    if (this.#tools.tracing && this.hasEnded) tellSaga(this.#tools.tracing, this.#record);
  }

  /** Gives a statement a span of its own where no try is under way. */
  #outsideTry<T>(what: 'read' | 'save', work: () => Promise<T>): Promise<T> {
    const { tracing } = this.#tools;
    const context = currentContext()!;
    if (!tracing || spanOf(context.trace)) return work();
    const trace = tracing.enter(storeSpan(this.#record, what), context.trace);
    return runInContext(context.at(trace), () => ended(trace, work()));
  }

  async #read(): Promise<void> {
    const { name, id, revision, data } = this.#record;
    const row = await this.#outsideTry('read', () => this.#tools.table.read(name, id));
    this.#uncertain = true;
    this.#inSync = true;
    if (!row) this.#record = { ...this.#record, owner: nobody };
    else this.#record = row.revision === revision ? { ...row, data } : row;
    this.#cancelled ??= row?.cancelled ?? null;
  }

  #nextToRun(from: number): number {
    let index = from;
    while (index < this.#steps.length && !this.#steps[index]!.run) index++;
    return index;
  }

  /** -1 if nothing is left. */
  #nextToUndo(from: number): number {
    return this.#steps.findLastIndex((step, index) => index <= from && step.undo !== undefined);
  }

  #keyOf = (step: Step<SagaData>): string => `${this.#record.id}:${step.name}`;

  #remaining = (): number => Math.max(0, this.#deadline - performance.now());

  /** Timers are a millisecond early now and then. */
  #isOverdue = (): boolean => this.#remaining() < 2;
}

/** Why a step could not even be tried; undefined when it was. */
const whyNotTried = (error: unknown): string | undefined =>
  error instanceof Failure && error.cause instanceof NotAsked ? error.cause.message : undefined;
