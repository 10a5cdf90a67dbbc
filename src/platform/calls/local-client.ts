/** Calls to a module in the same process: a checked input, a function call, nothing else. */
import { backgroundContext, currentContext, runInContext, type CallContext } from '../context.ts';
import type { Api, CallOptions, Client, Operation } from '../contract.ts';
import { Database } from '../database/database.ts';
import { Failure, platformErrors, type ErrorKind } from '../errors.ts';
import { parseOrFail } from '../validation.ts';

export type AnyHandler = (input: unknown, context: CallContext) => Promise<unknown>;

/** Called once for every call: how long it took in seconds, and the kind of its failure if it failed. */
export type RecordCall = (seconds: number, failure: ErrorKind | undefined) => void;

/** Milliseconds for work that came with no deadline of its own. */
const defaultTimeout = 10_000;

export interface LocalCalls {
  handlerOf(operation: Operation): AnyHandler;
  recorderOf(operation: Operation): RecordCall;
}

/**
 * The client that another module holds. It refuses to call while a transaction is open: the module behind it may be
 * in another process tomorrow, and a transaction must not wait for a network.
 */
export const localClient = <A extends Api>(api: A, calls: LocalCalls): Client<A> =>
  clientOf(api, (operation) => {
    const call = callOf(operation, calls);
    return (input, options) => {
      if (Database.anyTransactionOpen) return Promise.reject(calledInsideTransaction(operation));
      return call(input, options);
    };
  });

/** The client with which a module's own endpoints reach its use cases; there the transaction is the module's own. */
export const ownClient = <A extends Api>(api: A, calls: LocalCalls): Client<A> =>
  clientOf(api, (operation) => callOf(operation, calls));

type Call = (input: unknown, options?: CallOptions) => Promise<unknown>;

const clientOf = <A extends Api>(api: A, callOf: (operation: Operation) => Call): Client<A> =>
  Object.freeze(
    Object.fromEntries(Object.entries(api).map(([name, operation]) => [name, callOf(operation)])),
  ) as unknown as Client<A>;

const calledInsideTransaction = ({ module, name }: Operation) =>
  new Error(`${module}.${name} was called inside a database transaction. Call it before or after, or start a saga.`);

function callOf(operation: Operation, calls: LocalCalls): Call {
  const handle = calls.handlerOf(operation);
  const record = calls.recorderOf(operation);

  const run = async (input: unknown, context: CallContext): Promise<unknown> => {
    const started = performance.now();
    let failure: ErrorKind | undefined;
    try {
      if (context.deadline <= Date.now()) throw platformErrors.deadlineExceeded();
      return await handle(parseOrFail(operation.input, input), context);
    } catch (error) {
      failure = error instanceof Failure ? error.kind : 'internal';
      throw error;
    } finally {
      record((performance.now() - started) / 1000, failure);
    }
  };

  return (input, options) => {
    const context = currentContext() ?? backgroundContext(`${operation.module}.${operation.name}`, defaultTimeout);
    if (options?.timeout === undefined) return run(input, context);
    const limited = context.withTimeout(options.timeout);
    return runInContext(limited, () => Promise.race([run(input, limited), rejectedAt(limited.signal)]));
  };
}

const rejectedAt = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(platformErrors.deadlineExceeded()), { once: true });
  });
