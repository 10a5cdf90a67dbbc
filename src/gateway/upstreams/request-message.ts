/** The message that a client's request becomes on its way to a module. */
import type { Request } from 'express';
import type { Trace } from '#platform/context.ts';
import { pathAndQuery } from '#runtime/http/request-context.ts';
import { traceFields } from '#runtime/observability/trace-context.ts';

export interface RequestMessage {
  readonly method: string;
  readonly path: string;
  /** Names and values by turns, of a request that is made at this place of its trace. */
  headersAt(trace: Trace): string[];
  readonly body: Buffer | undefined;
}

/** RFC 9110, 7.6.1. */
const ofConnection = [
  'connection',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
/** Headers that the gateway answers itself, or writes anew. */
const ofGateway = [
  'expect',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'host',
  'content-length',
  'accept-encoding',
];
/** Headers that would say on whose behalf a request comes: ours to say. */
const ofProxies = ['forwarded', 'via', 'x-real-ip', 'x-request-id', 'traceparent', 'tracestate', 'baggage'];
const withheld = new Set([...ofConnection, ...ofGateway, ...ofProxies]);

export const requestMessage = (request: Request): RequestMessage => ({
  method: request.method,
  path: pathAndQuery(request),
  headersAt: (trace) => headersOf(request, trace),
  body: request.body as Buffer | undefined,
});

function headersOf({ headers, protocol, context: { address, id, route } }: Request, trace: Trace): string[] {
  const passed: string[] = [];
  for (const name in headers) {
    if ((withheld.has(name) && !(route?.site && name === 'origin')) || name.startsWith('x-forwarded-')) continue;
    const value = headers[name]!;
    if (typeof value === 'string') passed.push(name, value);
    else for (const each of value) passed.push(name, each);
  }
  passed.push('x-forwarded-for', address, 'x-forwarded-proto', protocol);
  passed.push('x-request-id', id);
  for (const [name, value] of Object.entries(traceFields(trace))) passed.push(name, value);
  return passed;
}
