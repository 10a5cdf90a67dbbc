// ADR 0043
/**
 * Sends requests on to a module that runs elsewhere, and its answers back: to each of its processes in turn, around
 * those that are gone, and nowhere while none can be reached.
 */
import type { Request, Response } from 'express';
import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleType } from 'cockatiel';
import { platformErrors } from '#platform/errors.ts';
import { halfOpenAfter } from '#runtime/calls/half-open-after.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import { Abandoned, Attempt, NoAnswer } from './attempt.ts';
import { Origin } from './origin.ts';
import { requestMessage, type RequestMessage } from './request-message.ts';
import type { Upstream } from './upstream.ts';

/** So many requests to one module at once; more would only wait for each other. */
const mostAtOnce = 1_024;
/** So many requests in a row that no process took, or that none answered in time. */
const failuresToOpen = 5;
/** Milliseconds. */
const openFor = 1_000;
const lookEvery = 500;

export interface UpstreamState {
  readonly ready: number;
  readonly processes: number;
  readonly breaker: BreakerState;
}

export type BreakerState = 'closed' | 'open' | 'half-open';

/** Nobody answered: the module as a whole is away. */
class Unanswered extends Error {}

export class Forwarder {
  readonly #upstream: Upstream;
  readonly #origins: readonly Origin[];
  readonly #breaker = circuitBreaker(handleType(Unanswered), {
    halfOpenAfter: halfOpenAfter(openFor),
    breaker: new ConsecutiveBreaker(failuresToOpen),
  });
  readonly #look: NodeJS.Timeout;
  #turn = 0;
  #underWay = 0;

  constructor(upstream: Upstream, logger: Logger, metrics: Pick<Metrics, 'requestsOut'>) {
    this.#upstream = upstream;
    this.#origins = upstream.origins.map((origin) => new Origin(origin, upstream, logger, metrics));
    this.#look = setInterval(
      () => this.#origins.forEach((origin) => void origin.lookAfterWaiting()),
      lookEvery,
    ).unref();
  }

  /** Requests that wait for the end of their answer. */
  get underWay(): number {
    return this.#underWay;
  }

  get breaker(): BreakerState {
    const { state } = this.#breaker;
    return state === CircuitState.Closed ? 'closed' : state === CircuitState.HalfOpen ? 'half-open' : 'open';
  }

  /** Asks every process whether it is ready, which takes a second at most. */
  async state(): Promise<UpstreamState> {
    const answers = await Promise.all(this.#origins.map((origin) => origin.asked('/readyz')));
    return { ready: answers.filter(Boolean).length, processes: answers.length, breaker: this.breaker };
  }

  /** Gives the client its answer; rejects where there is none. `idempotent` says whether it takes an Idempotency-Key. */
  async forward(request: Request, response: Response, idempotent: boolean): Promise<void> {
    if (this.#underWay >= mostAtOnce) throw platformErrors.unavailable({ retryAfter: 1 });
    this.#underWay += 1;
    try {
      const message = requestMessage(request);
      // A half-open breaker asks for the module's health: a request could take its whole deadline.
      if (this.#breaker.state !== CircuitState.Closed) await this.#breaker.execute(() => this.#requireAlive());
      const repeatable = isRepeatable(request, idempotent);
      await this.#breaker.execute(() => this.#tryInTurn(message, response, repeatable));
    } catch (error) {
      this.#afterFailure(error, response);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #tryInTurn(message: RequestMessage, response: Response, repeatable: boolean): Promise<void> {
    let last: unknown;
    for (const origin of this.#inTurn()) {
      try {
        return await Attempt.make(origin, message, response, repeatable);
      } catch (error) {
        const late = response.req.context.problem === platformErrors.deadlineExceeded.code;
        // Where the answer was on its way, it is the client that took too long.
        if (error instanceof Abandoned && late && !error.answered)
          throw new Unanswered('The time was up.', { cause: error });
        if (!(error instanceof NoAnswer)) throw error;
        origin.leaveOut(error.cause);
        if (response.headersSent || (error.sent && !repeatable)) throw error;
        last = error;
      }
    }
    throw new Unanswered('No process could be reached.', { cause: last });
  }

  /** Origins in rotation, beginning with another one each time; the others as a last resort. */
  *#inTurn(): Generator<Origin> {
    const origins = this.#origins;
    const first = this.#turn++;
    const leftOut: Origin[] = [];
    for (let index = 0; index < origins.length; index++) {
      const origin = origins[(first + index) % origins.length]!;
      if (origin.inRotation) yield origin;
      else leftOut.push(origin);
    }
    yield* leftOut;
  }

  async #requireAlive(): Promise<void> {
    const answers = await Promise.all(this.#origins.map((origin) => origin.asked('/livez')));
    if (!answers.includes(true)) throw new Unanswered('No process lives.');
  }

  #afterFailure(error: unknown, response: Response): void {
    if (error instanceof Abandoned || response.writableEnded) return;
    if (error instanceof BrokenCircuitError || error instanceof Unanswered || error instanceof NoAnswer) {
      const [failure, reason] =
        error instanceof NoAnswer
          ? [platformErrors.outcomeUnknown, 'broke off']
          : [platformErrors.unavailable, 'cannot be reached'];
      throw failure({ retryAfter: 1, cause: new Error(`${this.#upstream.name} ${reason}.`, { cause: error }) });
    }
    throw error;
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    await Promise.all(this.#origins.map((origin) => origin.close()));
  }
}

/** Sent twice, it takes effect once. */
function isRepeatable({ method, headers }: Request, idempotent: boolean): boolean {
  if (method === 'GET' || method === 'HEAD') return true;
  return idempotent && headers['idempotency-key'] !== undefined;
}
