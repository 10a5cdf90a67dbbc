/**
 * Turns requests away before anything is spent on them. The answer costs little more than Node's HTTP itself, and a third of what
 * one that goes through Express costs: what is refused must take as little as can be from what is answered.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { platformErrors } from '#platform/errors.ts';
import { problemType } from '#runtime/http/problem.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { acceptedRequestId } from '#runtime/observability/trace-context.ts';
import { type Admission, detail } from '../admission.ts';
import { bearerToken } from '../middleware/authentication.ts';
import { securityHeaderList } from '../middleware/security-headers.ts';
import { isExempt, type Route, routeFinder } from '../routes.ts';

interface DoorOptions {
  readonly admission: Admission;
  readonly routes: readonly Route[];
  readonly verifier: TokenVerifier;
  /** Origins whose pages may read the answer. */
  readonly corsOrigins: readonly string[];
  /** Tells whether this process wants no more requests. */
  readonly draining: () => boolean;
}

const { code, summary } = platformErrors.unavailable;
const problem = { type: problemType(code), title: summary, status: 503, detail, code };
const exposed = [
  'Access-Control-Expose-Headers',
  'Retry-After, X-Request-Id',
  'Cross-Origin-Resource-Policy',
  'cross-origin',
];

/** Makes what answers a request that is refused at once, and then returns true. */
export function door({
  admission,
  routes,
  verifier,
  corsOrigins,
  draining,
}: DoorOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const always = [
    ...securityHeaderList(),
    'Content-Type',
    'application/problem+json',
    'Cache-Control',
    'no-store',
    'Vary',
    'Origin',
  ];
  const allowed = new Set(corsOrigins);
  const routeOf = routeFinder(routes);

  const mayEnter = (request: IncomingMessage): boolean => {
    const token = bearerToken(request);
    return isExempt(routeOf(request.method, request.url), token === undefined ? undefined : verifier.recall(token));
  };
  const refuse = ({ headers }: IncomingMessage, response: ServerResponse) => {
    const requestId = acceptedRequestId(headers['x-request-id']) ?? randomUUID();
    const body = JSON.stringify({ ...problem, requestId });
    const retryAfter = Math.max(1, Math.ceil(admission.refuse()));
    const all = [...always, 'X-Request-Id', requestId, 'Retry-After', String(retryAfter)];
    if (headers.origin !== undefined && allowed.has(headers.origin))
      all.push('Access-Control-Allow-Origin', headers.origin, ...exposed);
    if (draining()) response.shouldKeepAlive = false;
    response.writeHead(503, [...all, 'Content-Length', String(Buffer.byteLength(body))]).end(body);
  };

  return (request, response) => {
    if (!admission.isRefusalDue() || mayEnter(request)) return false;
    refuse(request, response);
    return true;
  };
}
