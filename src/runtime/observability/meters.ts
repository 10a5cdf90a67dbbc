/** The instruments of hot paths: each holds its series, so that recording needs no look-up by label. */
import type { Counter } from 'prom-client';
import type { ErrorKind } from '#platform/errors.ts';
import type { Timing, Timings } from './timings.ts';

/** The calls of one operation: all are counted, and a sample is timed. */
export class CallMeter {
  /** Incremented by the caller. */
  calls = 0;
  readonly failures = new Map<ErrorKind, number>();
  readonly #timing: Timing;

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  failed(kind: ErrorKind): void {
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
  }

  took(milliseconds: number): void {
    this.#timing.record(milliseconds);
  }
}

/** The requests of one route. */
export class RequestMeter {
  readonly #timings: Timings;
  readonly #method: string;
  readonly #route: string;
  readonly #statuses = new Map<number, Timing>();

  constructor(timings: Timings, method: string, route: string) {
    this.#timings = timings;
    this.#method = method;
    this.#route = route;
  }

  finished(status: number, milliseconds: number): void {
    let timing = this.#statuses.get(status);
    if (!timing) {
      timing = this.#timings.series({ method: this.#method, route: this.#route, status: String(status) });
      this.#statuses.set(status, timing);
    }
    timing.record(milliseconds);
  }
}

/** The calls of one operation that came from other processes. */
export class RpcMeter {
  readonly #timings: Timings;
  readonly #operation: string;
  readonly #outcomes = new Map<RpcOutcome, Timing>();

  constructor(timings: Timings, operation: string) {
    this.#timings = timings;
    this.#operation = operation;
  }

  finished(outcome: RpcOutcome, milliseconds: number): void {
    let timing = this.#outcomes.get(outcome);
    if (!timing) {
      timing = this.#timings.series({ operation: this.#operation, outcome });
      this.#outcomes.set(outcome, timing);
    }
    timing.record(milliseconds);
  }
}

export type RpcOutcome = 'ok' | ErrorKind;

/** The deliveries of events to one subscription. */
export class DeliveryMeter {
  readonly #done: Timing;
  readonly #failures: Counter;
  readonly #subscription: string;

  constructor(done: Timing, failures: Counter, subscription: string) {
    this.#done = done;
    this.#failures = failures;
    this.#subscription = subscription;
  }

  /** `milliseconds` from the commit of the event to the commit of the reaction. */
  done(milliseconds: number): void {
    this.#done.record(milliseconds);
  }

  /** A try failed and there will be another. */
  retried(): void {
    this.#failures.inc({ subscription: this.#subscription, outcome: 'retried' });
  }

  /** The last try failed. */
  dead(): void {
    this.#failures.inc({ subscription: this.#subscription, outcome: 'dead' });
  }
}
