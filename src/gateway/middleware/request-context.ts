/** Gives every request its id, its place in a trace and what else `request.context` holds. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { networkOf } from '#platform/network.ts';
import { RequestContext } from '#runtime/http/request-context.ts';
import { spanOf, type Tracing } from '#runtime/observability/spans.ts';
import { acceptedRequestId, continued, traceOf, traceparentOf } from '#runtime/observability/trace-context.ts';
import { clientAddress, type ProxyTrust } from './client-address.ts';
import { endWithRequest, requestSpan } from './trace.ts';

const longestUserAgent = 200;

export function requestContext(trust: ProxyTrust, tracing: Tracing | undefined): RequestHandler {
  const addressOf = clientAddress(trust);
  // Who may say where a request comes from may say what it is part of: anybody else could have all of their traces kept.
  const isTrusted = trust.trustProxy > 0;
  return (request, response, next) => {
    // First, since a client that lists X-Forwarded-For in Connection would be taken for the proxy.
    const address = addressOf(request);
    dropHopByHop(request);
    const { headers } = request;
    const id = acceptedRequestId(headers['x-request-id']) ?? randomUUID();
    const sender = isTrusted ? traceOf(headers) : undefined;
    const trace = tracing ? tracing.enter(requestSpan(request), sender) : continued(sender);
    const context = new RequestContext({
      id,
      trace,
      address,
      origin: { network: networkOf(address), userAgent: headers['user-agent']?.slice(0, longestUserAgent) },
    });
    request.context = context;
    response.setHeader('X-Request-Id', id);
    response.setHeader('traceparent', traceparentOf(trace));
    const span = spanOf(trace);
    if (span) endWithRequest(span, request, response);
    response.once('close', () => {
      if (!response.writableFinished) context.abandon();
    });
    next();
  };
}

/** Drops the hop-by-hop headers that `Connection` lists (RFC 9110, 7.6.1); most clients list none. */
function dropHopByHop({ headers }: Request): void {
  const { connection } = headers;
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return;
  for (const name of connection.split(',')) delete headers[name.trim().toLowerCase()];
}
