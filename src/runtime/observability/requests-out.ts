// ADR 0070
/**
 * Metrics and spans of the HTTP requests that modules make of others, such as a payment provider: Node tells of each, and of the
 * context that it was made in. Nothing is sent along: who is asked is a stranger.
 */
import diagnostics from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { currentContext } from '#platform/context.ts';
import { errorTypeOf } from './error-type.ts';
import type { OutcomeMeter } from './meters.ts';
import type { Metrics } from './metrics.ts';
import { type Span, spanOf } from './spans.ts';

/** Requests to more addresses than this are counted as those to `_OTHER`. */
const mostAddresses = 100;
/** By request; that of `fetch` is undici's. */
const spans = new WeakMap<object, Span>();

interface FetchRequest {
  readonly method: string;
  readonly origin: string | URL;
  readonly headers: readonly string[] | string;
}

interface Sent {
  readonly meter: OutcomeMeter<number | string>;
  readonly startedAt: number;
}

class RequestsOut {
  readonly #metrics: Pick<Metrics, 'requestsOut'>;
  readonly #addresses = new Set<string>();
  readonly #meters = new Map<string, OutcomeMeter<number | string>>();
  readonly #sent = new WeakMap<object, Sent>();

  constructor(metrics: Pick<Metrics, 'requestsOut'>) {
    this.#metrics = metrics;
  }

  begin(request: object, method: string, url: URL): void {
    const context = currentContext();
    // Sending spans and the like is the process's own affair, and no module's.
    if (!context || this.#sent.has(request)) return;
    this.#sent.set(request, { meter: this.#meterOf(method, url.hostname), startedAt: performance.now() });
    const parent = spanOf(context.trace);
    if (!parent || spans.has(request)) return;
    const attributes = {
      'http.request.method': method,
      'server.address': url.hostname,
      'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    };
    spans.set(request, parent.child({ name: method, kind: 'client', attributes }));
  }

  answered(request: object, status: number): void {
    const span = this.#over(request, status);
    span?.set({ 'http.response.status_code': status });
    if (status >= 400) span?.fail({ code: String(status) });
    span?.end();
  }

  broken(request: object, error: unknown): void {
    const span = this.#over(request, errorTypeOf(error));
    span?.fail(error);
    span?.end();
  }

  #over(request: object, outcome: number | string): Span | undefined {
    const span = spans.get(request);
    spans.delete(request);
    const sent = this.#sent.get(request);
    this.#sent.delete(request);
    sent?.meter.finished(outcome, performance.now() - sent.startedAt, span);
    return span;
  }

  #meterOf(method: string, hostname: string): OutcomeMeter<number | string> {
    if (this.#addresses.size < mostAddresses) this.#addresses.add(hostname);
    const address = this.#addresses.has(hostname) ? hostname : '_OTHER';
    const name = `${method} ${address}`;
    const meter = this.#meters.get(name) ?? this.#metrics.requestsOut({ method, module: '', address });
    this.#meters.set(name, meter);
    return meter;
  }
}

type Listener = (message: never) => void;

const listenersOf = (requests: RequestsOut): Readonly<Record<string, Listener>> => ({
  'http.client.request.created': ({ request }: { request: ClientRequest }) =>
    requests.begin(
      request,
      request.method,
      new URL(`${request.protocol}//${String(request.getHeader('host') ?? request.host)}`),
    ),
  'http.client.response.finish': ({ request, response }: { request: ClientRequest; response: IncomingMessage }) =>
    requests.answered(request, response.statusCode ?? 0),
  'http.client.request.error': ({ request, error }: { request: ClientRequest; error: Error }) =>
    requests.broken(request, error),
  'undici:request:create': ({ request }: { request: FetchRequest }) => {
    // The gateway tells of what it forwards itself.
    if (!request.headers.includes('traceparent')) requests.begin(request, request.method, new URL(request.origin));
  },
  'undici:request:headers': ({ request, response }: { request: FetchRequest; response: { statusCode: number } }) =>
    requests.answered(request, response.statusCode),
  'undici:request:error': ({ request, error }: { request: FetchRequest; error: Error }) =>
    requests.broken(request, error),
});

/** Listens until the result is called. */
export function watchRequestsOut(metrics: Pick<Metrics, 'requestsOut'>): () => void {
  const listeners = Object.entries(listenersOf(new RequestsOut(metrics)));
  for (const [channel, listener] of listeners) diagnostics.subscribe(channel, listener as never);
  return () => {
    for (const [channel, listener] of listeners) diagnostics.unsubscribe(channel, listener as never);
  };
}
