// ADR 0004
/**
 * The language of contracts: what a module offers (commands, queries) and announces (events), in zod.
 * From these come the TypeScript types, the in-process call, the wire formats and the documentation.
 */
import type { z } from 'zod';
import type { CallContext } from './context.ts';
import type { ErrorDefinition } from './errors.ts';

export { errors } from './errors.ts';

type Input = z.ZodObject;
type Output = z.ZodType;

interface OperationFields<I extends Input, O extends Output> {
  readonly input: I;
  readonly output: O;
  readonly errors: readonly ErrorDefinition[];
  /** For the reader of the documentation: what it does, and what repeating it does. */
  readonly summary?: string;
  /**
   * The field of the input that names the person it acts for. Another module's call is refused unless that person asks
   * (`platform.forbidden`). null: for work that goes on when nobody asks any more, such as a saga's; the modules that
   * declare the call are trusted with the person.
   */
  readonly actsFor?: string | null;
}

/** A command changes something, a query does not. Within a version only optional fields may be added. */
export interface OperationDefinition<
  K extends 'command' | 'query',
  I extends Input,
  O extends Output,
> extends OperationFields<I, O> {
  readonly kind: K;
  readonly version: number;
}
export type AnyOperationDefinition = OperationDefinition<'command' | 'query', Input, Output>;

/** An operation that knows its place: `orders.placeOrder`. */
export type Operation<D extends AnyOperationDefinition = AnyOperationDefinition> = D & {
  readonly module: string;
  readonly name: string;
};

/** Fields that fit each other. */
type Fields<I extends Input, O extends Output> = OperationFields<I, O> & {
  readonly actsFor?: (string & keyof z.output<I>) | null;
};

export const command = <I extends Input, O extends Output>(
  version: number,
  fields: Fields<I, O>,
): OperationDefinition<'command', I, O> => ({ kind: 'command', version, ...fields });

export const query = <I extends Input, O extends Output>(
  version: number,
  fields: Fields<I, O>,
): OperationDefinition<'query', I, O> => ({ kind: 'query', version, ...fields });

type Definitions = Record<string, AnyOperationDefinition>;
export type Api<D extends Definitions = Definitions> = {
  readonly [Name in keyof D]: Operation<D[Name]>;
};

const moduleOfApi = new WeakMap<object, string>();

/** Everything a module offers to others: `api('orders', { cancelOrder: command(1, {...}) })`. */
export function api<const D extends Definitions>(module: string, definitions: D): Api<D> {
  const operations = Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, Object.freeze({ ...definition, module, name })]),
  );
  moduleOfApi.set(operations, module);
  return Object.freeze(operations) as unknown as Api<D>;
}

/** The module that offers an api. */
export function moduleOf(offered: Api): string {
  const module = moduleOfApi.get(offered);
  if (module === undefined) throw new TypeError('This is not an api: make it with api(module, operations).');
  return module;
}

/** The value a caller passes, and the one it gets. Defaults are filled in where a request enters the program, not here. */
export type InputOf<D extends AnyOperationDefinition> = z.output<D['input']>;
export type OutputOf<D extends AnyOperationDefinition> = z.output<D['output']>;

export interface CallOptions {
  /** Milliseconds; never extends the deadline of the work under way. */
  timeout?: number;
}

/**
 * A call of an operation that a module needs: `Call<typeof OrdersApi.getOrder>`. The module behind it may be in this
 * process or far away: the answer can take until the deadline, and `unavailable` is one of the answers.
 */
export type Call<D extends AnyOperationDefinition> = (input: InputOf<D>, options?: CallOptions) => Promise<OutputOf<D>>;

/** Calls of all operations of an api, as the host makes them and a module's own endpoints get them. */
export type Client<A extends Api> = { readonly [Name in keyof A]: Call<A[Name]> };

/** The implementation of an operation, which a module writes. */
export type Handler<A extends Api, Name extends keyof A> = (
  input: InputOf<A[Name]>,
  context: CallContext,
) => Promise<OutputOf<A[Name]>>;

export type EventPayload = z.ZodObject;

/** A fact of the past, announced by its owner. Events with the same key arrive in the order they happened. */
export interface EventDefinition<P extends EventPayload = EventPayload> {
  readonly name: string;
  readonly version: number;
  readonly module: string;
  readonly key: string & keyof z.output<P>;
  readonly payload: P;
  /** For the reader of the documentation: when it is announced. */
  readonly summary?: string;
}
export type PayloadOf<E extends EventDefinition> = z.output<E['payload']>;

/** `event('orders.order-paid', 1, { key: 'orderId', payload: z.object({...}) })` */
export function event<P extends EventPayload>(
  name: `${string}.${string}`,
  version: number,
  fields: Pick<EventDefinition<P>, 'key' | 'payload' | 'summary'>,
): EventDefinition<P> {
  return Object.freeze({ name, version, module: name.slice(0, name.indexOf('.')), ...fields });
}
