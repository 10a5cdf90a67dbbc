/** The gateway's own knowledge of a request: `request.context`. Its steps fill it in, and answers are made with it. */
import type { Request } from 'express';
import type { Access } from '#platform/endpoint.ts';
import type { Origin, Principal, Trace } from '#platform/context.ts';
import { Deadline } from '#platform/deadline.ts';

declare global {
  namespace Express {
    interface Request {
      context: RequestContext;
    }
  }
}

/** A route: what is served under one method and path. */
export interface RouteInfo {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The template, `/v1/orders/{id}`; one that ends in `/*` is that path and all below it. */
  readonly url: string;
  readonly access: Access;
  readonly scope?: string;
  readonly recentLogin?: boolean;
  /** The module that serves it; undefined for what no module serves. */
  readonly module?: string | undefined;
  /** Its answers carry an ETag. */
  readonly versioned?: boolean | undefined;
  /** Milliseconds for the whole answer where it may take longer than others. */
  readonly timeout?: number | undefined;
  /** Served by a handler of the module's own; see site.ts of the platform. */
  readonly site?: true | undefined;
  /** Marks probes and scrapes: neither limited nor logged where nothing is wrong. */
  readonly operational: boolean;
}

/**
 * A class and not an object literal: V8 takes to allocating such literals in the old generation, where each dead one keeps
 * its whole request alive until the next full collection.
 */
export class RequestContext {
  readonly id: string;
  readonly trace: Trace;
  /** By the monotonic clock. */
  readonly startedAt = performance.now();
  /** The client's address, as far as trusted proxies vouch for it; see network.ts for what limits make of it. */
  readonly address: string;
  /** Where it came from, for the log. */
  readonly origin: Origin;
  /** Nobody waits for the answer after it. */
  deadline = new Deadline(Infinity);
  /** Undefined until a route is found. */
  route: RouteInfo | undefined = undefined;
  token: string | undefined = undefined;
  principal: Principal | undefined = undefined;
  /** The code of the problem that was answered. */
  problem: string | undefined = undefined;
  /** Bytes of the answer's body, before compression. */
  bytes = 0;
  /** Gives it so many milliseconds from now on, in place of what it had. */
  allow: (milliseconds: number) => void = nothing;
  /** Gives back its place: from now on it only waits for something else, or is over. */
  leave: () => void = nothing;

  #isGone = false;
  #gone: AbortController | undefined = undefined;

  constructor({ id, trace, address, origin }: Received) {
    this.id = id;
    this.trace = trace;
    this.address = address;
    this.origin = origin;
  }

  /** Aborts when the client is gone. Made on first use: most work never looks at it. */
  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#isGone) this.#gone.abort();
    return this.#gone.signal;
  }

  /** Says that the client is gone. */
  abandon(): void {
    this.#isGone = true;
    this.#gone?.abort();
  }
}

type Received = Pick<RequestContext, 'id' | 'trace' | 'address' | 'origin'>;
const nothing = () => {};

/** The target without the scheme and authority of an absolute-form target (RFC 9112, 3.2.2). */
export function pathAndQuery({ path, url }: Request): string {
  const mark = url.indexOf('?');
  return mark === -1 || mark === url.length - 1 ? path : path + url.slice(mark);
}

/** The marks of a request for a line of the log that is not written in its context. */
export const marksOf = ({ id, trace }: Pick<RequestContext, 'id' | 'trace'>) => ({
  requestId: id,
  trace_id: trace.traceId,
  span_id: trace.spanId,
});

/** The route's template for logs and metrics. */
export const routeName = ({ route }: RequestContext): string => route?.url ?? 'unmatched';
