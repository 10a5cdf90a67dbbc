/**
 * Calls to a module in the same process: a function call, and what it takes to know that it happened. Inputs are
 * neither copied nor checked here. The compiler has checked them; whatever comes from outside the program is parsed
 * where it enters it.
 */
import { backgroundContext, currentContext, runInContext, type CallContext } from '#platform/context.ts';
import type { Api, Call, CallOptions, Client, Operation, OutputOf } from '#platform/contract.ts';
import { Database } from '#platform/database.ts';
import { Failure, platformErrors, type ErrorKind } from '#platform/errors.ts';
import { parseOrFail } from '#platform/validation.ts';
import { ended, type Span, spanOf, type SpanStart } from '../observability/spans.ts';
import { requirePerson } from './acting-for.ts';

export type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown>;

/** The counts of one operation. */
export interface CallMeter {
  /** Every call adds one. */
  calls: number;
  failed(kind: ErrorKind): void;
  /** Called for a sample of the calls: reading the clock twice costs as much as the call. */
  took(milliseconds: number, span?: Span): void;
}

export interface LocalCalls {
  handlerOf(operation: Operation): AnyHandler;
  meterOf(operation: Operation): CallMeter;
  /** The span of a call; without, one within a process. */
  spanOf?(operation: Operation): SpanStart;
}

/** One call in so many is timed. */
const timedEvery = 16;
/** Milliseconds for work that came with no deadline of its own. */
const defaultTimeout = 10_000;

/**
 * The call that another module holds. It is refused while a transaction is open: the module behind it may be in another
 * process tomorrow, and a transaction must not wait for a network.
 */
export function localCall<O extends Operation>(operation: O, calls: LocalCalls): Call<O> {
  const call = operation.actsFor ? callForPerson(operation, callOf(operation, calls)) : callOf(operation, calls);
  return (input, options) =>
    (Database.anyTransactionOpen
      ? Promise.reject(calledInsideTransaction(operation))
      : call(input, options)) as Promise<OutputOf<O>>;
}

const callForPerson =
  (operation: Operation, call: AnyCall): AnyCall =>
  async (input, options) => {
    requirePerson(operation, input, currentContext()?.principal);
    return call(input, options);
  };

/** The calls of all operations of an api. */
export const localClient = <A extends Api>(api: A, calls: LocalCalls): Client<A> =>
  clientOf(api, (operation) => localCall(operation, calls) as AnyCall);

/**
 * The client with which a module's own endpoints reach its use cases: the transaction around them is the module's
 * own, and what they pass comes from outside, so it is parsed.
 */
export const ownClient = <A extends Api>(api: A, calls: LocalCalls): Client<A> =>
  clientOf(api, (operation) => {
    const call = callOf(operation, calls);
    return async (input, options) => call(parseOrFail(operation.input, input), options);
  });

type AnyCall = (input: unknown, options?: CallOptions) => Promise<unknown>;

const clientOf = <A extends Api>(api: A, callOf: (operation: Operation) => AnyCall): Client<A> =>
  Object.freeze(
    Object.fromEntries(Object.entries(api).map(([name, operation]) => [name, callOf(operation)])),
  ) as unknown as Client<A>;

const calledInsideTransaction = ({ module, name }: Operation) =>
  new Error(`${module}.${name} was called inside a database transaction. Call it before or after, or start a saga.`);

function callOf(operation: Operation, calls: LocalCalls): AnyCall {
  const handle = traced(calls.handlerOf(operation), calls.spanOf?.(operation) ?? callWithin(operation));
  const meter = calls.meterOf(operation);
  const origin = `${operation.module}.${operation.name}`;

  const failed = (error: unknown): never => {
    meter.failed(error instanceof Failure ? error.kind : 'internal');
    throw error;
  };

  const timed = (input: unknown, context: CallContext) => {
    const started = performance.now();
    return handle(input, context).then((output) => {
      meter.took(performance.now() - started, spanOf(context.trace));
      return output;
    }, failed);
  };

  const run = (input: unknown, context: CallContext) =>
    meter.calls++ % timedEvery === 0 ? timed(input, context) : handle(input, context).then(undefined, failed);

  return (input, options) => {
    const context = currentContext() ?? backgroundContext(origin, defaultTimeout);
    return options?.timeout === undefined ? run(input, context) : within(options.timeout, input, context);
  };

  function within(timeout: number, input: unknown, context: CallContext) {
    const limited = context.withTimeout(timeout);
    return runInContext(limited, () => Promise.race([run(input, limited), rejectedAt(limited.signal)]));
  }
}

const callWithin = ({ module, name }: Operation): SpanStart => ({
  name: `${module}.${name}`,
  attributes: { 'fissile.module': module, 'fissile.operation': name },
});

const traced =
  (handle: AnyHandler, start: SpanStart): AnyHandler =>
  (input, context) => {
    const span = spanOf(context.trace)?.child(start);
    if (!span) return handle(input, context);
    const below = context.at(span);
    return runInContext(below, () => ended(span, handle(input, below)));
  };

const rejectedAt = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(platformErrors.deadlineExceeded()), { once: true });
  });
