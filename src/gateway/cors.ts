import type { Exchange } from '#runtime/http/exchange.ts';
import type { SentAnswer } from '#runtime/http/rendered-answer.ts';

const methods = 'GET, POST, PUT, PATCH, DELETE';
const requestHeaders = 'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id, traceparent';
const exposed =
  'ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id, Idempotency-Replayed, Preference-Applied, Deprecation, Sunset';
const preflightAge = '7200';

/**
 * Cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol) from the pages of `origins`. Credentials
 * in cookies are not a thing here, so they are never allowed. Gives the answer to a preflight.
 */
export function cors(origins: readonly string[]): (exchange: Exchange) => SentAnswer | undefined {
  const allowed = new Set(origins);
  return (exchange) => {
    if (allowed.size === 0) return undefined;
    const { method, headers } = exchange.request;
    exchange.header('Vary', 'Origin');
    if (headers.origin === undefined || !allowed.has(headers.origin)) return undefined;
    exchange.header('Access-Control-Allow-Origin', headers.origin);
    exchange.header('Access-Control-Expose-Headers', exposed);
    // An answer to be used by a page of another origin, which this header would otherwise rule out.
    exchange.header('Cross-Origin-Resource-Policy', 'cross-origin');
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return undefined;
    const allow = ['Access-Control-Allow-Methods', methods, 'Access-Control-Allow-Headers', requestHeaders];
    return { status: 204, headers: [...allow, 'Access-Control-Max-Age', preflightAge], body: undefined };
  };
}
