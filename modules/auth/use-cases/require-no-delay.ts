import type { Logger } from '#platform/logger.ts';
import { AuthErrors } from '../contract.ts';

/** Refuses the attempt when it has to wait; `delay` is in milliseconds. */
export function requireNoDelay(delay: number, logger: Logger): void {
  if (delay <= 0) return;
  const retryAfter = Math.ceil(delay / 1000);
  logger.warn('An attempt was refused: there were too many before it.', { seconds: retryAfter });
  throw AuthErrors.tooManyAttempts({ retryAfter });
}
