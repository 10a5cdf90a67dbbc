/** What of a client's request goes on to a module. */
import type { IncomingMessage } from 'node:http';
import { Failure } from '#platform/errors.ts';
import type { Exchange } from '#platform/http/exchange.ts';
import { endedEarly, hasBody, readBytes, requireReadable, tooLarge } from '#platform/http/body.ts';

export interface RequestMessage {
  readonly method: string;
  readonly path: string;
  /** Names and values by turns. */
  readonly headers: string[];
  readonly body: MessageBody;
}

/** Bytes can be sent again; a stream is what a client is still sending. */
export type MessageBody = Buffer | (() => AsyncGenerator<Buffer>) | undefined;

/** Bodies up to so many bytes are read before they are sent: nobody waits for a slow client, and they can be repeated. */
const readFirst = 16_384;

/** RFC 9110, 7.6.1. */
const ofConnection = ['connection', 'keep-alive', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
/** What the gateway answers itself, and what it says anew. */
const ofGateway = ['expect', 'origin', 'access-control-request-method', 'access-control-request-headers', 'host', 'content-length'];
/** What would say on whose behalf a request comes: ours to say. */
const ofProxies = ['forwarded', 'via', 'x-real-ip', 'x-request-id', 'traceparent', 'tracestate', 'baggage'];
const withheld = new Set([...ofConnection, ...ofGateway, ...ofProxies]);

export async function requestMessage(exchange: Exchange, bodyLimit: number): Promise<RequestMessage> {
  const { request } = exchange;
  const { method, url: path } = request;
  const headers = headersOf(exchange);
  if (method === 'GET' || method === 'HEAD' || !hasBody(request)) return { method, path, headers, body: undefined };
  requireReadable(request, bodyLimit);
  const length = request.headers['content-length'];
  if (length !== undefined && Number(length) <= readFirst) {
    return { method, path, headers, body: await readBytes(request, bodyLimit) };
  }
  if (length !== undefined) headers.push('content-length', length);
  return { method, path, headers, body: () => counted(request, bodyLimit) };
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
  passed.push('x-request-id', requestId, 'traceparent', `00-${trace.traceId}-${trace.spanId}-01`);
  return passed;
}

async function* counted(request: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  try {
    // The connection is still needed, for the answer and for what the client asks next, however this ends.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof Failure ? error : endedEarly(error);
  } finally {
    // Who sends on what nobody reads would never come to the next request.
    request.resume();
  }
}
