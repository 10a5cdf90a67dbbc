/**
 * Turns requests away before anything is spent on them. The answer costs a few microseconds, where one that goes through
 * Express costs a hundred: what is refused must take nothing from what is answered.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Failure, platformErrors } from '#platform/errors.ts';
import { problemType } from '#runtime/http/problem.ts';
import type { RouteTable } from '#runtime/http/route-table.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { acceptedRequestId } from '#runtime/observability/trace-context.ts';
import type { Admission } from './admission.ts';
import { bearerToken } from './authentication.ts';
import { isExempt, type Route } from './routes.ts';
import { securityHeaders } from './security-headers.ts';

interface DoorOptions {
  readonly admission: Admission;
  readonly routes: RouteTable<Route>;
  readonly verifier: TokenVerifier;
  /** Origins whose pages may read the answer. */
  readonly corsOrigins: readonly string[];
  /** Whether this process wants no more requests. */
  readonly draining: () => boolean;
}

const { code, summary } = platformErrors.unavailable;
const exposed = ['Access-Control-Expose-Headers', 'Retry-After, X-Request-Id', 'Cross-Origin-Resource-Policy', 'cross-origin'];

/** Makes what answers a request that is refused at once, and then returns true. */
export function door({ admission, routes, verifier, corsOrigins, draining }: DoorOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const always = [...securityHeaders(), 'Content-Type', 'application/problem+json', 'Cache-Control', 'no-store', 'Vary', 'Origin'];
  const allowed = new Set(corsOrigins);

  const mayEnter = (request: IncomingMessage): boolean => {
    const token = bearerToken({ request });
    return isExempt(routeOf(request, routes), token === undefined ? undefined : verifier.recall(token));
  };
  const refuse = ({ headers }: IncomingMessage, response: ServerResponse, { message, retryAfter = 1 }: Failure) => {
    const requestId = acceptedRequestId(headers['x-request-id']) ?? randomUUID();
    const body = JSON.stringify({ type: problemType(code), title: summary, status: 503, detail: message, code, requestId });
    const all = [...always, 'X-Request-Id', requestId, 'Retry-After', String(Math.max(1, Math.ceil(retryAfter)))];
    if (headers.origin !== undefined && allowed.has(headers.origin)) all.push('Access-Control-Allow-Origin', headers.origin, ...exposed);
    if (draining()) response.shouldKeepAlive = false;
    response.writeHead(503, [...all, 'Content-Length', String(Buffer.byteLength(body))]).end(body);
  };

  return (request, response) => {
    if (!admission.isRefusalDue() || mayEnter(request)) return false;
    refuse(request, response, admission.refusal());
    return true;
  };
}

/** Undefined also for a target that cannot be read: whoever reads it later says why. */
function routeOf({ url = '', method = '' }: IncomingMessage, routes: RouteTable<Route>): Route | undefined {
  const mark = url.indexOf('?');
  try {
    return routes.find(mark === -1 ? url : url.slice(0, mark))?.byMethod.get(method);
  } catch {
    return undefined;
  }
}
