/** One process of a module elsewhere: its connections, and whether it is worth sending to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import type { Logger } from '#platform/logger.ts';
import type { OutcomeMeter } from '#runtime/observability/meters.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { SpanStart } from '#runtime/observability/spans.ts';
import { connector } from './connector.ts';
import type { Upstream } from './upstream.ts';

/** Requests beyond so many wait for a connection. */
const connections = 256;

/** Milliseconds. */
const patience = 1_000;
const answersWithin = 800;
const askAgainAfter = 500;

/** A request to be sent, which takes the answer. */
export interface Sending extends Dispatcher.DispatchHandler {
  readonly options: Dispatcher.DispatchOptions;
  /** By the monotonic clock. */
  readonly startedAt: number;
  /** The process is dead. Requests that another one can answer are given up; others wait for their deadline. */
  giveUp(): void;
}

export class Origin {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #pool: Pool;
  /** Apart from the others, since those may all be waiting for an answer. */
  readonly #probes: Pool;
  readonly #waiting = new Set<Sending>();
  #leftOut = false;
  #asking = false;
  #heardAt = 0;
  #closed = false;
  readonly #meterOf: (method: string) => OutcomeMeter<number | string>;
  readonly #meters = new Map<string, OutcomeMeter<number | string>>();

  constructor(url: string, { name, certificates }: Upstream, logger: Logger, metrics: Pick<Metrics, 'requestsOut'>) {
    this.#url = url;
    this.#meterOf = (method) => metrics.requestsOut({ method, module: name, address: new URL(url).hostname });
    this.#logger = logger;
    // No time limits here: every request has a deadline of its own.
    const options = { connect: connector(name, certificates), allowH2: false, headersTimeout: 0, bodyTimeout: 0 };
    this.#pool = new Pool(url, { ...options, connections });
    this.#probes = new Pool(url, { ...options, connections: 1 });
  }

  /** The span of a request to here; `route` is the template. */
  spanOf(method: string, route: string): SpanStart {
    const { hostname, port, protocol } = new URL(this.#url);
    return {
      name: `${method} ${route}`,
      kind: 'client',
      attributes: {
        'http.request.method': method,
        'url.template': route,
        'server.address': hostname,
        'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      },
    };
  }

  /** The requests to here of one method. */
  meter(method: string): OutcomeMeter<number | string> {
    const meter = this.#meters.get(method) ?? this.#meterOf(method);
    this.#meters.set(method, meter);
    return meter;
  }

  get inRotation(): boolean {
    return !this.#leftOut;
  }

  send(sending: Sending): void {
    this.#waiting.add(sending);
    this.#pool.dispatch(sending.options, sending);
  }

  /** Its answer has begun. */
  heard(sending: Sending): void {
    this.#waiting.delete(sending);
    this.#heardAt = performance.now();
  }

  /** It will get no answer. */
  forget(sending: Sending): void {
    this.#waiting.delete(sending);
  }

  /** Out of rotation until it lives again, which it is asked until then. */
  leaveOut(error: unknown): void {
    if (this.#leftOut || this.#closed) return;
    this.#logger.warn(`${this.#url} is left out: it gave no answer.`, { error });
    void this.#outUntil('/livez');
  }

  /** A process that is about to stop asks for every connection to be closed, and is not ready any more. */
  async lookAfterClosing(): Promise<void> {
    if (this.#leftOut || this.#asking) return;
    this.#asking = true;
    const ready = await this.asked('/readyz');
    this.#asking = false;
    if (ready || this.#leftOut || this.#closed) return;
    this.#logger.info(`${this.#url} is left out: it is not ready.`);
    void this.#outUntil('/readyz');
  }

  /** A process that was stopped takes connections and never answers: a long wait makes us ask. */
  async lookAfterWaiting(): Promise<void> {
    const since = Math.max(this.#heardAt, Math.min(...Array.from(this.#waiting, ({ startedAt }) => startedAt)));
    if (this.#leftOut || performance.now() - since < patience || (await this.asked('/livez'))) return;
    this.leaveOut(new Error(`It took requests and answered none for ${patience} ms.`));
    for (const sending of this.#waiting) sending.giveUp();
  }

  /** Tells whether it answers this with success in time. */
  async asked(path: string): Promise<boolean> {
    try {
      const { statusCode, body } = await this.#probes.request({
        method: 'GET',
        path,
        signal: AbortSignal.timeout(answersWithin),
      });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  async #outUntil(path: '/livez' | '/readyz'): Promise<void> {
    this.#leftOut = true;
    while (!this.#closed && !(await this.asked(path))) await sleep(askAgainAfter, undefined, { ref: false });
    this.#leftOut = false;
    if (!this.#closed) this.#logger.info(`${this.#url} answers again.`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#pool.destroy(), this.#probes.destroy()]);
  }
}
