/** The instruments of hot paths: each holds its series, so that recording needs no look-up by label. */
import type { Counter } from 'prom-client';
import type { ErrorKind } from '#platform/errors.ts';
import type { Trace } from '#platform/context.ts';
import type { Span } from './spans.ts';
import { type Labels, Timing, type Timings } from './timings.ts';

type Place = Pick<Trace, 'traceId' | 'spanId'>;

/** The calls of one operation by one module: all are counted, and a sample is timed. */
export class CallMeter {
  readonly labels: Labels;
  /** Incremented by the caller. */
  calls = 0;
  readonly failures = new Map<ErrorKind, number>();
  readonly #timing: Timing;

  constructor(timing: Timing) {
    this.labels = timing.labels;
    this.#timing = timing;
  }

  failed(kind: ErrorKind): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }

  took(milliseconds: number, span?: Span): void {
    this.#timing.record(milliseconds, span);
  }
}

/** Durations by their outcome, which is one of few: the labels `common`, and one or two that tell the outcome. */
export class OutcomeMeter<Outcome extends string | number> {
  readonly #timings: Timings;
  readonly #common: Labels;
  readonly #labelsOf: (outcome: Outcome) => Labels;
  readonly #outcomes = new Map<Outcome, Timing>();

  /** Series of `expected` outcomes begin at 0: Prometheus does not see the first one of a series that begins with it. */
  constructor(
    timings: Timings,
    common: Labels,
    labelsOf: (outcome: Outcome) => Labels,
    expected: readonly Outcome[] = [],
  ) {
    this.#timings = timings;
    this.#common = common;
    this.#labelsOf = labelsOf;
    for (const outcome of expected) this.#seriesOf(outcome);
  }

  finished(outcome: Outcome, milliseconds: number, span?: Place): void {
    (this.#outcomes.get(outcome) ?? this.#seriesOf(outcome)).record(milliseconds, span);
  }

  #seriesOf(outcome: Outcome): Timing {
    const timing = this.#timings.of({ ...this.#common, ...this.#labelsOf(outcome) });
    this.#outcomes.set(outcome, timing);
    return timing;
  }
}

/** The deliveries of events to one subscription. */
export class DeliveryMeter {
  readonly #done: Timing;
  readonly #failures: Counter;
  readonly #subscription: Labels;

  constructor(done: Timing, failures: Counter) {
    this.#done = done;
    this.#failures = failures;
    this.#subscription = done.labels;
  }

  /** `milliseconds` from the commit of the event to the commit of the reaction. */
  done(milliseconds: number, span?: Span): void {
    this.#done.record(milliseconds, span);
  }

  /** A try failed and there will be another. */
  retried(): void {
    this.#failures.inc({ ...this.#subscription, fissile_outcome: 'retried' });
  }

  /** The last try failed. */
  dead(): void {
    this.#failures.inc({ ...this.#subscription, fissile_outcome: 'dead' });
  }
}

/** The use of one pool of connections. The pool keeps it, and a scrape reads it. */
export class PoolMeter {
  readonly waits: Timing;
  readonly #pool: Labels;
  /** By the labels of a statement, of which there is one object for each. */
  readonly #statements = new Map<Labels, Timing>();
  readonly #failed = new Map<string, Timing>();

  constructor(name: string) {
    this.#pool = { db_client_connection_pool_name: name };
    this.waits = new Timing(this.#pool);
  }

  get operations(): Iterable<Timing> {
    return [...this.#statements.values(), ...this.#failed.values()];
  }

  executed(statement: Labels, milliseconds: number, span: Span | undefined): void {
    let timing = this.#statements.get(statement);
    if (!timing) {
      timing = new Timing({ ...this.#pool, ...statement });
      this.#statements.set(statement, timing);
    }
    timing.record(milliseconds, span);
  }

  /** `code`: as PostgreSQL names what went wrong. */
  failed(statement: Labels, code: string, milliseconds: number, span: Span | undefined): void {
    const labels = { ...this.#pool, ...statement, error_type: code };
    const key = JSON.stringify(labels);
    const timing = this.#failed.get(key) ?? new Timing(labels);
    this.#failed.set(key, timing);
    timing.record(milliseconds, span);
  }
}
