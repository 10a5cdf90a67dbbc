import type { Logger } from '#platform/logger.ts';
import { RedisCounts } from '../gateway/redis-counts.ts';
import { StartupError } from './startup-error.ts';

/** Counts shared by all gateways that name the same Redis. A start without it would let everybody ask more often. */
export async function connectSharedCounts(redisUrl: string, logger: Logger): Promise<RedisCounts> {
  try {
    return await RedisCounts.connect(redisUrl, logger);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const { protocol, host } = new URL(redisUrl);
    throw new StartupError(
      `REDIS_URL: ${protocol}//${host} cannot be used (${code ?? message}). Start Redis there, or leave REDIS_URL out: then each gateway counts by itself.`,
      { cause },
    );
  }
}
