import type { Request, Response } from 'express';
import type { Origin, Principal, Trace } from '#platform/context.ts';
import { Deadline } from '#platform/deadline.ts';
import { networkOf } from '#platform/network.ts';
import type { RequestMeter } from '../observability/meters.ts';
import type { SentAnswer } from './rendered-answer.ts';

/** What the log and the counts call what was asked for. */
export interface RouteName {
  /** The template, `/v1/orders/{id}`. */
  readonly url: string;
  readonly meter: RequestMeter;
  /** Probes and scrapes: neither limited nor logged where nothing is wrong. */
  readonly operational: boolean;
}

const longestUserAgent = 200;

interface AnswerHead extends Pick<SentAnswer, 'status' | 'headers'> {
  /** Bytes of the body; undefined where there is none, or nobody knows yet. */
  readonly length: number | undefined;
}

/** One request and its one answer, with what the gateway knows about it. */
export class Exchange {
  readonly request: Request;
  readonly response: Response;
  /** The client's, as far as trusted proxies vouch for it; see network.ts for what limits make of it. */
  readonly address: string;
  readonly requestId: string;
  readonly trace: Trace;
  /** The path without the query. */
  readonly path: string;
  readonly queryText: string;
  route: RouteName;
  principal: Principal | undefined;
  /** The whole body, once it is there; undefined without one. */
  body: Buffer | undefined;
  /** The code of the problem that was answered. */
  problem: string | undefined;
  bytes = 0;
  #origin: Origin | undefined;
  #deadline: Deadline;
  #timer: NodeJS.Timeout | undefined;
  #late: (exchange: Exchange) => void = () => {};
  #letGo: () => void = () => {};
  readonly #headers: string[];
  readonly #draining: () => boolean;
  readonly #gone = new AbortController();

  /** `headers` go out with every answer; names and values by turns. */
  constructor(fields: {
    request: Request;
    response: Response;
    address: string;
    requestId: string;
    trace: Trace;
    deadline: Deadline;
    route: RouteName;
    headers: string[];
    /** Whether this process wants no more requests. */
    draining: () => boolean;
  }) {
    const { request } = fields;
    this.request = request;
    this.response = fields.response;
    this.address = fields.address;
    this.requestId = fields.requestId;
    this.trace = fields.trace;
    this.#deadline = fields.deadline;
    this.route = fields.route;
    this.#headers = fields.headers;
    this.#draining = fields.draining;
    const { path, url } = request;
    const mark = url.indexOf('?');
    this.path = path;
    this.queryText = mark === -1 ? '' : url.slice(mark + 1);
  }

  /** Path and query: what was asked for, without the scheme and authority of an absolute-form target (RFC 9112, 3.2.2). */
  get target(): string {
    return this.queryText === '' ? this.path : `${this.path}?${this.queryText}`;
  }

  /** Where it came from, for the log. */
  get origin(): Origin {
    return (this.#origin ??= {
      network: networkOf(this.address),
      userAgent: this.request.headers['user-agent']?.slice(0, longestUserAgent),
    });
  }

  /** Nobody waits for the answer after it. */
  get deadline(): Deadline {
    return this.#deadline;
  }

  /** Calls `late` when its time is up, unless it is over before. */
  watchTime(milliseconds: number, late: (exchange: Exchange) => void): void {
    this.#late = late;
    this.#timer = setTimeout(late, milliseconds, this);
  }

  /** Gives it so many milliseconds from now on, in place of what it had. */
  allow(milliseconds: number): void {
    this.#deadline = new Deadline(milliseconds);
    clearTimeout(this.#timer);
    this.watchTime(milliseconds, this.#late);
  }

  /** Nobody waits any more. */
  over(): void {
    clearTimeout(this.#timer);
    this.letGo();
  }

  /** Keeps what is to be let go of when the request needs it no more. */
  hold(letGo: () => void): void {
    this.#letGo = letGo;
  }

  /** From now on the request only waits for something else, or is over. */
  letGo(): void {
    this.#letGo();
  }

  /** Aborts when the client is gone. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  abandon(): void {
    this.#gone.abort();
  }

  /** A header of whatever answer it will be, in place of one of the same name. */
  header(name: string, value: string): void {
    for (let index = 0; index < this.#headers.length; index += 2) {
      if (this.#headers[index] === name) {
        this.#headers[index + 1] = value;
        return;
      }
    }
    this.#headers.push(name, value);
  }

  /** Answers, once: what comes after an answer (such as the outcome of what took too long) is dropped. */
  send({ status, headers, body }: SentAnswer): void {
    const bytes = body === undefined ? 0 : Buffer.byteLength(body);
    if (!this.begin({ status, headers, length: status === 204 || status === 304 ? undefined : bytes })) return;
    this.bytes = bytes;
    this.response.end(this.request.method === 'HEAD' ? undefined : body);
  }

  /**
   * Begins an answer whose body is then written to `response` in parts. False where there is an answer already; one
   * that is still being written is cut off, as what comes after it can only be why it will not be finished. One write
   * of headers that were never in a map, since that is a good part of what a request costs.
   */
  begin({ status, headers, length }: AnswerHead): boolean {
    const { response } = this;
    if (response.headersSent || response.destroyed) {
      if (!response.writableEnded) response.destroy();
      return false;
    }
    // Makes Node say `Connection: close`, and mean it.
    if (this.#draining()) response.shouldKeepAlive = false;
    const all = this.#headers.concat(headers);
    if (length !== undefined) all.push('Content-Length', String(length));
    response.writeHead(status, all);
    return true;
  }
}
