import { AuthErrors } from '../contract.ts';

/** Refuses the attempt when it has to wait; `delay` is in milliseconds. */
export function requireNoDelay(delay: number): void {
  if (delay > 0) throw AuthErrors.tooManyAttempts({ retryAfter: Math.ceil(delay / 1000) });
}
