// ADR 0070
/**
 * Spans of the HTTP requests that modules make of others, such as a payment provider: Node tells of each, and of the context
 * that it was made in. Nothing is sent along: who is asked is a stranger.
 */
import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { currentSpan, type Span } from './spans.ts';

/** By request; that of `fetch` is undici's. */
const spans = new WeakMap<object, Span>();

interface FetchRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly headers: readonly string[] | string;
}

function begin(request: object, method: string, url: URL): void {
  const parent = currentSpan();
  if (!parent || spans.has(request)) return;
  const attributes = {
    'http.request.method': method,
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
  };
  spans.set(request, parent.child({ name: method, kind: 'client', attributes }));
}

function answered(request: object, status: number): void {
  const span = spans.get(request);
  spans.delete(request);
  span?.set({ 'http.response.status_code': status });
  if (status >= 400) span?.fail({ code: String(status) });
  span?.end();
}

function broken(request: object, error: unknown): void {
  const span = spans.get(request);
  spans.delete(request);
  span?.fail(error);
  span?.end();
}

type Listener = (message: never) => void;
const listeners: Readonly<Record<string, Listener>> = {
  'http.client.request.created': ({ request }: { request: ClientRequest }) =>
    begin(
      request,
      request.method,
      new URL(`${request.protocol}//${String(request.getHeader('host') ?? request.host)}`),
    ),
  'http.client.response.finish': ({ request, response }: { request: ClientRequest; response: IncomingMessage }) =>
    answered(request, response.statusCode ?? 0),
  'http.client.request.error': ({ request, error }: { request: ClientRequest; error: Error }) => broken(request, error),
  'undici:request:create': ({ request }: { request: FetchRequest }) => {
    // The gateway tells of what it forwards itself.
    if (!request.headers.includes('traceparent')) begin(request, request.method, new URL(request.origin));
  },
  'undici:request:headers': ({ request, response }: { request: FetchRequest; response: { statusCode: number } }) =>
    answered(request, response.statusCode),
  'undici:request:error': ({ request, error }: { request: FetchRequest; error: Error }) => broken(request, error),
};

/** Listens until the result is called. */
export function watchRequestsOut(): () => void {
  for (const [channel, listener] of Object.entries(listeners)) diagnostics.subscribe(channel, listener as never);
  return () => {
    for (const [channel, listener] of Object.entries(listeners)) diagnostics.unsubscribe(channel, listener as never);
  };
}
