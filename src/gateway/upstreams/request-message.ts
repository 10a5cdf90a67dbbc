/** What of a client's request goes on to a module. */
import type { Exchange } from '#runtime/http/exchange.ts';
import { traceparentOf } from '#runtime/observability/trace-context.ts';

export interface RequestMessage {
  readonly method: string;
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: string[];
  readonly body: Buffer | undefined;
}

/** RFC 9110, 7.6.1. */
const ofConnection = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** What the gateway answers itself, and what it says anew. */
const ofGateway = ['expect', 'origin', 'access-control-request-method', 'access-control-request-headers', 'host', 'content-length'];
/** What would say on whose behalf a request comes: ours to say. */
const ofProxies = ['forwarded', 'via', 'x-real-ip', 'x-request-id', 'traceparent', 'tracestate', 'baggage'];
const withheld = new Set([...ofConnection, ...ofGateway, ...ofProxies]);

export function requestMessage(exchange: Exchange): RequestMessage {
  const { request: { method }, target, body } = exchange;
  return { method, path: target, headers: headersOf(exchange), body };
}

function headersOf({ request, address, requestId, trace }: Exchange): string[] {
  const { headers } = request;
  const passed: string[] = [];
  for (const name in headers) {
    if (withheld.has(name) || name.startsWith('x-forwarded-')) continue;
    const value = headers[name]!;
    if (typeof value === 'string') passed.push(name, value);
    else for (const each of value) passed.push(name, each);
  }
  passed.push('x-forwarded-for', address, 'x-forwarded-proto', request.protocol);
  passed.push('x-request-id', requestId, 'traceparent', traceparentOf(trace));
  return passed;
}
