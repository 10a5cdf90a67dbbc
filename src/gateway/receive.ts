/** The beginning and the end of every request: its ids, its time limit, its line in the log and its place in the counts. */
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { Deadline } from '#platform/deadline.ts';
import { Exchange, type RouteName } from '#runtime/http/exchange.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import { acceptedRequestId, continuedTrace, traceparentOf } from '#runtime/observability/trace-context.ts';
import { securityHeaders } from './security-headers.ts';

/** The client left before it had its answer. nginx made this status known; it is only ever in the log. */
const clientGone = 499;
const maxLoggedPath = 200;

export interface Reception {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly addressOf: (request: Request) => string;
  /** Whether this process wants no more requests. */
  readonly draining: () => boolean;
  /** Milliseconds. */
  readonly requestTimeout: number;
  /** Answers when the time is up. */
  readonly onTimeout: (exchange: Exchange) => void;
}

export function receiver({ logger, metrics, addressOf, draining, requestTimeout, onTimeout }: Reception) {
  const always = securityHeaders();
  const unmatched: RouteName = { url: 'unmatched', meter: metrics.requests('ANY', 'unmatched'), operational: false };

  return (request: Request, response: Response): Exchange => {
    const startedAt = performance.now();
    // First, since a client that lists X-Forwarded-For in Connection would be taken for the proxy.
    const address = addressOf(request);
    forgetOfConnection(request);
    const { 'x-request-id': givenId, traceparent: givenTrace } = request.headers;
    const requestId = acceptedRequestId(givenId) ?? randomUUID();
    const trace = continuedTrace(givenTrace);
    const exchange = new Exchange({
      request,
      response,
      address,
      requestId,
      trace,
      deadline: new Deadline(requestTimeout),
      route: unmatched,
      draining,
      headers: [...always, 'X-Request-Id', requestId, 'traceparent', traceparentOf(trace)],
    });
    metrics.requestsInFlight += 1;
    exchange.watchTime(requestTimeout, (late) => timeUp(late, onTimeout));
    response.once('close', () => {
      exchange.over();
      metrics.requestsInFlight -= 1;
      finish(exchange, performance.now() - startedAt, logger);
    });
    return exchange;
  };
}

/** An answer that was written and is not read holds memory for as long as its client likes; so do those behind it. */
function timeUp(exchange: Exchange, onTimeout: Reception['onTimeout']): void {
  if (exchange.response.writableEnded) exchange.request.socket.destroy();
  else onTimeout(exchange);
}

/** What `Connection` names was meant for whoever is next to the client (RFC 9110, 7.6.1); most clients name nothing. */
function forgetOfConnection({ headers }: Request): void {
  const { connection } = headers;
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return;
  for (const name of connection.split(',')) delete headers[name.trim().toLowerCase()];
}

function finish(exchange: Exchange, milliseconds: number, logger: Logger): void {
  const { request, response, route, requestId, trace, principal, problem, bytes } = exchange;
  const status = response.writableFinished ? response.statusCode : clientGone;
  if (status === clientGone) exchange.abandon();
  route.meter.finished(status, milliseconds);
  if (route.operational && status < 400) return;
  const fields: Record<string, unknown> = { status, milliseconds: Math.round(milliseconds * 100) / 100, bytes };
  if (problem !== undefined) fields.code = problem;
  if (route.url === 'unmatched') fields.path = exchange.path.slice(0, maxLoggedPath);
  fields.requestId = requestId;
  fields.traceId = trace.traceId;
  if (principal !== undefined) fields.principal = principal.userId;
  Object.assign(fields, exchange.origin);
  logger.info(`${request.method} ${route.url} ${status}`, fields);
}
