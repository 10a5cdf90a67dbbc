// ADR 0011
/**
 * The context of a piece of work: who asked, until when it matters, and which trace it belongs to.
 * It is set once where work enters the process (a request, a delivery, a saga step) and read where it is needed.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomFillSync } from 'node:crypto';
import { Deadline, longestTimer } from './deadline.ts';

/** A role of a person, of which they may have several. Endpoints ask for roles; `admin` has all of them. */
export type Role = string;

/** Somebody who proved who they are: a person, or a machine that has an identity of its own. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
  /** The application that holds the token, and what it was allowed; absent where the person's own client does. */
  readonly application?: Application | undefined;
  /** When the person last gave a password or another factor, in epoch milliseconds; absent where that is not known. */
  readonly authenticatedAt?: number | undefined;
  /** How they did, by RFC 8176: `pwd`, `otp`, `hwk`, `mfa`, `fed`. */
  readonly amr?: readonly string[] | undefined;
  /** How sure that makes us: `urn:fissile:1` for one factor, `urn:fissile:2` for two. */
  readonly acr?: string | undefined;
  readonly emailVerified?: boolean | undefined;
}

export interface Application {
  readonly id: string;
  readonly scopes: readonly string[];
}

export const hasRole = ({ roles }: Pick<Principal, 'roles'>, role: Role): boolean =>
  roles.includes(role) || roles.includes('admin');

/** Where a request came from, for the log. */
export interface Origin {
  /** See `networkOf`. */
  readonly network: string;
  /** As the client calls itself, and no longer than is worth keeping. */
  readonly userAgent: string | undefined;
}

/** W3C Trace Context (https://www.w3.org/TR/trace-context/): lower-case hex, 32 and 16 digits. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  /** Recorded: decided where the trace began, and kept by everybody after. */
  readonly sampled: boolean;
  /** `tracestate` and `baggage` as they came, for who is asked next. */
  readonly state?: string | undefined;
  readonly baggage?: string | undefined;
}

export class CallContext {
  /** Nobody waits for the answer after it. */
  readonly deadline: Deadline;
  readonly principal: Principal | undefined;
  readonly requestId: string;
  readonly trace: Trace;
  /** Undefined where no client asked this process itself. */
  readonly origin: Origin | undefined;
  /** Private, so that nothing that prints a context prints it. */
  readonly #token: string | undefined;
  #cancellation: AbortSignal | (() => AbortSignal | undefined) | undefined;
  #signal: AbortSignal | undefined;

  /** `signal` aborts when the caller went away; a function makes it when somebody first asks. */
  constructor(fields: {
    deadline: Deadline;
    requestId: string;
    trace: Trace;
    origin?: Origin | undefined;
    principal?: Principal | undefined;
    token?: string | undefined;
    signal?: AbortSignal | (() => AbortSignal | undefined) | undefined;
  }) {
    this.deadline = fields.deadline;
    this.principal = fields.principal;
    this.requestId = fields.requestId;
    this.trace = fields.trace;
    this.origin = fields.origin;
    this.#token = fields.token;
    this.#cancellation = fields.signal;
  }

  /** The access token that proved the principal. It goes to modules in other processes, which check it themselves. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Aborts when the caller went away, and not at the deadline; undefined where nobody can go away. */
  get cancellation(): AbortSignal | undefined {
    if (typeof this.#cancellation === 'function') this.#cancellation = this.#cancellation();
    return this.#cancellation;
  }

  /** Aborts at the deadline or when the caller went away. Made on first use: most work never looks at it. */
  get signal(): AbortSignal {
    if (!this.#signal) {
      const atDeadline = AbortSignal.timeout(Math.min(this.deadline.remaining, longestTimer));
      this.#signal = this.cancellation ? AbortSignal.any([this.cancellation, atDeadline]) : atDeadline;
    }
    return this.#signal;
  }

  /** The same work with less time: never later than this context's own deadline. */
  withTimeout(milliseconds: number): CallContext {
    return this.#with(this.deadline.remaining <= milliseconds ? this.deadline : new Deadline(milliseconds), this.trace);
  }

  /** The same work at another place of its trace. */
  at(trace: Trace): CallContext {
    return this.#with(this.deadline, trace);
  }

  #with(deadline: Deadline, trace: Trace): CallContext {
    return new CallContext({
      deadline,
      requestId: this.requestId,
      trace,
      origin: this.origin,
      principal: this.principal,
      token: this.#token,
      signal: this.#cancellation && (() => this.cancellation),
    });
  }
}

const storage = new AsyncLocalStorage<CallContext>();

/** Random bytes are drawn by the thousand: a system call for each id would cost more than the rest of a request's set-up. */
const pool = Buffer.alloc(4096);
let drawn = pool.length;

function randomHex(bytes: number): string {
  if (drawn + bytes > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += bytes;
  return pool.toString('hex', drawn - bytes, drawn);
}

export const newSpanId = (): string => randomHex(8);
/** One that nobody records. */
export const newTrace = (): Trace => ({
  traceId: randomHex(16),
  spanId: newSpanId(),
  sampled: false,
  state: undefined,
  baggage: undefined,
});

/** A context for work that nobody outside asked for, such as a scheduled task. `timeout` is in milliseconds. */
export function backgroundContext(requestId: string, timeout: number, trace: Trace = newTrace()): CallContext {
  return new CallContext({ deadline: new Deadline(timeout), requestId, trace });
}

export const runInContext = <T>(context: CallContext, work: () => T): T => storage.run(context, work);

/** The context of the work under way; undefined outside of any, such as while the program starts. */
export const currentContext = (): CallContext | undefined => storage.getStore();
