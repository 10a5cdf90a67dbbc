// ADR 0041
/** Keeps a module that is slow or dead from taking its callers down with it: a circuit breaker and a bulkhead. */
import { BrokenCircuitError, bulkhead, CircuitState, circuitBreaker, handleAll, SamplingBreaker } from 'cockatiel';
import { type Failure, NotAsked, platformErrors } from '#platform/errors.ts';
import { halfOpenAfter } from '../calls/half-open-after.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface ProtectionLimits {
  /** Calls under way at one time. */
  readonly concurrent: number;
  /** The breaker opens when more than this share of the calls got no answer, */
  readonly failureShare: number;
  /** within so many milliseconds, */
  readonly window: number;
  /** if there were that many calls a second. */
  readonly minimumRate: number;
  /** Milliseconds that it stays open; then one call tries. */
  readonly openFor: number;
}

export const defaultLimits: ProtectionLimits = {
  concurrent: 256,
  failureShare: 0.8,
  window: 5_000,
  minimumRate: 2,
  openFor: 1_000,
};

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export class Protection {
  readonly #module: string;
  readonly #limits: ProtectionLimits;
  readonly #breaker;
  readonly #bulkhead;

  constructor(module: string, limits: ProtectionLimits) {
    this.#module = module;
    this.#limits = limits;
    const { failureShare, window, minimumRate, openFor } = limits;
    this.#breaker = circuitBreaker(handleAll, {
      breaker: new SamplingBreaker({ threshold: failureShare, duration: window, minimumRps: minimumRate }),
      halfOpenAfter: halfOpenAfter(openFor),
    });
    this.#bulkhead = bulkhead(limits.concurrent);
  }

  get breaker(): BreakerState {
    return states[this.#breaker.state];
  }

  get underWay(): number {
    return this.#limits.concurrent - this.#bulkhead.executionSlots;
  }

  onChange(listener: (state: BreakerState) => void): void {
    this.#breaker.onStateChange((state) => listener(states[state]));
  }

  /** `call` rejects where there was no answer, and only there. A call that is not let through rejects at once. */
  run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#bulkhead.executionSlots === 0) return Promise.reject(this.#refusal('has too many calls under way'));
    // While one call tries, Cockatiel has the others wait for its outcome.
    if (this.#breaker.state === CircuitState.HalfOpen) return Promise.reject(this.#refusal('does not answer'));
    return this.#bulkhead
      .execute(() => this.#breaker.execute(call))
      .catch((error: unknown) => {
        throw error instanceof BrokenCircuitError ? this.#refusal('does not answer') : error;
      });
  }

  #refusal(why: string): Failure {
    const retryAfter = this.#limits.openFor / 1_000;
    return platformErrors.unavailable({ retryAfter, cause: new NotAsked(`The module ${this.#module} ${why}.`) });
  }
}
