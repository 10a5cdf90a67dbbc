import { Failure, NotAsked } from './errors.ts';
import type { SagaEnd } from './sagas.ts';

export const timedOut: SagaEnd = { code: 'saga.timed-out', message: 'It was not finished in time.' };

/** The reason a step's error ends its saga with; undefined when trying again may help. */
export function finalReason(error: unknown): SagaEnd | undefined {
  if (!(error instanceof Failure) || error.kind === 'unavailable' || error.kind === 'internal') return undefined;
  return { code: error.code, message: error.message };
}

/** Why a step could not even be tried; undefined when it was. */
export const whyNotTried = (error: unknown): string | undefined =>
  error instanceof Failure && error.cause instanceof NotAsked ? error.cause.message : undefined;
