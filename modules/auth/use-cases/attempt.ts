import type { Logger } from '#platform/logger.ts';
import type { Limit, Throttle } from '../domain/throttle.ts';
import { requireNoDelay } from './require-no-delay.ts';

/**
 * Compares a secret that could be guessed. The attempt is counted before `compare` runs, so that of many at the same
 * time no more are computed than the limits allow; nothing was learnt when `compare` fails, so it is given back then.
 */
export async function attempt(
  throttle: Throttle,
  limits: readonly Limit[],
  logger: Logger,
  compare: () => Promise<boolean>,
): Promise<boolean> {
  requireNoDelay(await throttle.reserve(limits), logger);
  try {
    return await compare();
  } catch (error) {
    await throttle.giveBack(limits);
    throw error;
  }
}
