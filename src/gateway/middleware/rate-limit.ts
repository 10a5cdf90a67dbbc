import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RequestHandler } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import type { RequestContext } from '#runtime/http/request-context.ts';
import { marksOf } from '#runtime/http/request-context.ts';
import type { RedisCounts } from '../redis-counts.ts';

const minute = 60;

/**
 * Counts the requests of each network, and of each person once they are known, and refuses the ones beyond `perMinute`
 * of either; 0 for no limit. Headers as in draft-ietf-httpapi-ratelimit-headers. Without `shared` the counts are this
 * process's own.
 */
export function rateLimit(perMinute: number, shared: RedisCounts | undefined, logger: Logger): RequestHandler {
  if (perMinute === 0) return (_request, _response, next) => next();
  const count = { points: perMinute, duration: minute };
  const limiter = shared?.limiter(count, 'fissile:requests') ?? new RateLimiterMemory(count);
  const policy = `"default";q=${perMinute};w=${minute}`;

  return async ({ context }, response, next) => {
    let tightest: Count | undefined;
    for (const key of keysOf(context)) {
      const count = await consume(limiter, key);
      if (!tightest || count.refused || count.state.remainingPoints < tightest.state.remainingPoints) tightest = count;
      if (count.refused) break;
    }
    const { state, refused } = tightest!;
    const seconds = Math.ceil(state.msBeforeNext / 1000);
    response.setHeader('RateLimit-Policy', policy);
    response.setHeader('RateLimit', `"default";r=${state.remainingPoints};t=${seconds}`);
    if (refused && state.consumedPoints === perMinute + 1) {
      logger.warn('A rate limit has been reached.', {
        seconds,
        ...marksOf(context),
        principal: context.principal?.userId,
        ...context.origin,
      });
    }
    if (refused) throw platformErrors.tooManyRequests({ retryAfter: seconds });
    next();
  };
}

interface Count {
  readonly state: RateLimiterRes;
  readonly refused: boolean;
}

async function consume(limiter: RateLimiterAbstract, key: string): Promise<Count> {
  try {
    return { state: await limiter.consume(key), refused: false };
  } catch (rejected) {
    if (!(rejected instanceof RateLimiterRes)) throw rejected;
    return { state: rejected, refused: true };
  }
}

/** The person first: what is refused for them leaves the network to the others in it. */
function keysOf({ principal, origin }: RequestContext): string[] {
  const network = `network ${origin.network}`;
  return principal ? [`person ${principal.userId}`, network] : [network];
}
