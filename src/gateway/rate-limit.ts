import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { platformErrors } from '#platform/errors.ts';
import type { Exchange } from '#platform/http/exchange.ts';
import type { RedisCounts } from './redis-counts.ts';

const minute = 60;

/**
 * Counts the requests of a person, or of an address where nobody has proved who they are, and refuses the ones beyond
 * `perMinute`. Headers as in draft-ietf-httpapi-ratelimit-headers. Without `shared` the counts are this process's own.
 */
export function rateLimit(perMinute: number, shared: RedisCounts | undefined): (exchange: Exchange) => Promise<void> {
  const count = { points: perMinute, duration: minute };
  const limiter = shared?.limiter(count, 'fissile:requests') ?? new RateLimiterMemory(count);
  const policy = `"default";q=${perMinute};w=${minute}`;

  return async (exchange) => {
    let state: RateLimiterRes;
    let refused = false;
    try {
      state = await limiter.consume(whoCounts(exchange));
    } catch (rejected) {
      if (!(rejected instanceof RateLimiterRes)) throw rejected;
      state = rejected;
      refused = true;
    }
    const seconds = Math.ceil(state.msBeforeNext / 1000);
    exchange.header('RateLimit-Policy', policy);
    exchange.header('RateLimit', `"default";r=${state.remainingPoints};t=${seconds}`);
    if (refused) throw platformErrors.tooManyRequests({ retryAfter: seconds });
  };
}

function whoCounts({ principal, request }: Exchange): string {
  if (principal) return principal.userId;
  const address = request.ip ?? '';
  // Whoever has one IPv6 address has the 2^64 addresses around it.
  return isIPv6(address) && !address.startsWith('::ffff:') ? networkOf(address) : address;
}

/** The first four groups of an IPv6 address. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  if (tail !== undefined) groups.push(...Array<string>(Math.max(0, 8 - groups.length - after.length)).fill('0'), ...after);
  return groups.slice(0, 4).join(':');
}
