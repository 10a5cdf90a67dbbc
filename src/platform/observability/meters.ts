/** The instruments of hot paths: each holds its series, so that recording needs no look-up by label. */
import type { Counter } from 'prom-client';
import type { ErrorKind } from '../errors.ts';
import type { Timing, Timings } from './timings.ts';

/** The calls of one operation. `finished` costs some ten nanoseconds. */
export class CallMeter {
  readonly #timings: Timings;
  readonly #operation: string;
  readonly #succeeded: Timing;
  readonly #failed = new Map<ErrorKind, Timing>();

  constructor(timings: Timings, operation: string) {
    this.#timings = timings;
    this.#operation = operation;
    this.#succeeded = timings.series({ operation, outcome: 'ok' });
  }

  finished(milliseconds: number, error?: ErrorKind): void {
    if (error === undefined) this.#succeeded.record(milliseconds);
    else this.#failure(error).record(milliseconds);
  }

  #failure(outcome: ErrorKind): Timing {
    let timing = this.#failed.get(outcome);
    if (!timing) {
      timing = this.#timings.series({ operation: this.#operation, outcome });
      this.#failed.set(outcome, timing);
    }
    return timing;
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
