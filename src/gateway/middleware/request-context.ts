/** Gives every request its id, its trace and what else `request.context` holds. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { networkOf } from '#platform/network.ts';
import { RequestContext } from '#runtime/http/request-context.ts';
import { acceptedRequestId, continuedTrace, traceparentOf } from '#runtime/observability/trace-context.ts';
import { clientAddress, type ProxyTrust } from './client-address.ts';

const longestUserAgent = 200;

export function requestContext(trust: ProxyTrust): RequestHandler {
  const addressOf = clientAddress(trust);
  return (request, response, next) => {
    // First, since a client that lists X-Forwarded-For in Connection would be taken for the proxy.
    const address = addressOf(request);
    dropHopByHop(request);
    const { headers } = request;
    const id = acceptedRequestId(headers['x-request-id']) ?? randomUUID();
    const trace = continuedTrace(headers.traceparent);
    const gone = new AbortController();
    request.context = new RequestContext({
      id,
      trace,
      address,
      origin: { network: networkOf(address), userAgent: headers['user-agent']?.slice(0, longestUserAgent) },
      signal: gone.signal,
    });
    response.setHeader('X-Request-Id', id);
    response.setHeader('traceparent', traceparentOf(trace));
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
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
