// ADR 0035
/**
 * A module's table of contents. `module.ts` of each module calls `defineModule`; the host reads it, gives the
 * module a container of its own, and connects it to the others.
 */
import type { CallContext } from './context.ts';
import type { Api, Call, EventDefinition, Handler, Operation, PayloadOf } from './contract.ts';
import type { EventCount } from './counts.ts';
import type { Endpoint } from './endpoint.ts';
import type { Compose, MailDefinition } from './mail.ts';
import type { SagaDefinition, SagaDataOf, SagaImplementation } from './sagas.ts';
import type { SiteHandler, SitePath } from './site.ts';
import type { z } from 'zod';

/**
 * Names a collaborator: an abstract class (a port), the schema of the module's settings (their values), or an operation
 * of another module's that `needs` names (its call).
 */
export type Token<T> = abstract new (...args: never[]) => T;
export type AnyToken = Token<unknown> | Operation | z.ZodObject;

/** The type that a token resolves to. */
export type Resolved<T> =
  T extends Token<infer Instance>
    ? Instance
    : T extends z.ZodObject
      ? z.output<T>
      : T extends Operation
        ? Call<T>
        : never;
type ResolvedAll<T extends readonly AnyToken[]> = { -readonly [Index in keyof T]: Resolved<T[Index]> };

/** A function that takes its collaborators and returns what does the work, and the tokens of those collaborators. */
export interface Provided<T> {
  readonly factory: (...collaborators: never[]) => T;
  readonly collaborators: readonly (AnyToken | Provided<unknown>)[];
}

export interface Bind {
  /** One instance per module, made on first use (Inversify's `toResolvedValue` in singleton scope). */
  <T extends Token<unknown>>(
    port: T,
  ): {
    toResolvedValue<const C extends readonly AnyToken[]>(
      factory: (...collaborators: ResolvedAll<C>) => Resolved<T>,
      collaborators: C,
    ): void;
    toConstantValue(value: Resolved<T>): void;
  };
}

/** `placeOrder: use(placeOrder, [Orders, Outbox, Clock])` */
export const use = <T, const C extends readonly AnyToken[]>(
  factory: (...collaborators: ResolvedAll<C>) => T,
  collaborators: C,
): Provided<T> => ({ factory: factory as never, collaborators });

/** The use case behind each operation of an api; one that is missing or misspelt does not compile. */
export type Operations<A extends Api> = { readonly [Name in keyof A]: Provided<Handler<A, Name>> };

/** A reaction's knowledge of the delivery it handles. */
export interface Delivery {
  readonly eventId: string;
  readonly key: string;
  readonly occurredAt: Date;
  /** 1 for the first try. */
  readonly attempt: number;
}

/**
 * Handles a foreign event. It runs in a transaction of the module's database together with its inbox row, so it
 * takes effect exactly once; it must not call another module. To do that, start a saga.
 */
export type Reaction<E extends EventDefinition> = (payload: PayloadOf<E>, delivery: Delivery) => Promise<void>;

/**
 * The first event of a new reaction: without, the next one that is announced; `earliest`, the oldest that the broker still
 * has. Brokers that keep no history refuse `earliest` at start, and take `earliest-if-kept` for the next one.
 */
export type Beginning = 'earliest' | 'earliest-if-kept';

export interface ReactionBinding extends Provided<Reaction<never>> {
  readonly event: EventDefinition;
  readonly from?: Beginning;
  /** For the reader of the documentation: what happens then. */
  readonly summary?: string;
}

/**
 * `on(orderCancelled, releasePayment, [PaymentRepository], { summary: 'Gives back what is held for it.' })`; with
 * `from: 'earliest'` a reaction that joins later handles history too. Once a reaction has begun, it goes on where it was,
 * whatever `from` says.
 */
export const on = <E extends EventDefinition, const C extends readonly AnyToken[]>(
  event: E,
  factory: (...collaborators: ResolvedAll<C>) => Reaction<E>,
  collaborators: C,
  options: Pick<ReactionBinding, 'from' | 'summary'> = {},
): ReactionBinding => ({ event, ...options, ...use(factory, collaborators) });

export interface SagaBinding extends Provided<SagaImplementation<never>> {
  readonly saga: SagaDefinition;
}

/** `run(Checkout, checkoutSteps, [Orders, PaymentsApi.authorize])` */
export const run = <S extends SagaDefinition, const C extends readonly AnyToken[]>(
  saga: S,
  factory: (...collaborators: ResolvedAll<C>) => SagaImplementation<SagaDataOf<S>>,
  collaborators: C,
): SagaBinding => ({ saga, ...use(factory as (...collaborators: ResolvedAll<C>) => never, collaborators) });

export interface MailBinding extends Provided<Compose<never>> {
  readonly mail: MailDefinition;
}

/** `compose(verifyAddress, verifyAddressMail, [Accounts, EmailCodes])` */
export const compose = <M extends MailDefinition, const C extends readonly AnyToken[]>(
  mail: M,
  factory: (...collaborators: ResolvedAll<C>) => Compose<M>,
  collaborators: C,
): MailBinding => ({ mail, ...use(factory as (...collaborators: ResolvedAll<C>) => never, collaborators) });

export interface ScheduleBinding extends Provided<() => Promise<void>> {
  /** Milliseconds between the start of one run and the next; one instance of the program runs it. */
  readonly every: number;
}

/** `every(hours(1), pruneSessions, [Sessions, Clock])` */
export const every = <const C extends readonly AnyToken[]>(
  milliseconds: number,
  factory: (...collaborators: ResolvedAll<C>) => () => Promise<void>,
  collaborators: C,
): ScheduleBinding => ({ every: milliseconds, ...use(factory, collaborators) });

export interface SiteBinding extends Provided<SiteHandler> {
  readonly paths: readonly SitePath[];
}

/** An operation of the module's own, a port, its settings, or a use case that is no operation: `use(startSession, [Sessions])`. */
type SiteCollaborator = AnyToken | Provided<unknown>;
type ResolvedForSite<T extends readonly SiteCollaborator[]> = {
  -readonly [Index in keyof T]: T[Index] extends Provided<infer Made> ? Made : Resolved<T[Index]>;
};

/** `site(['/account/*'], accountPages, [AuthApi.logOut, use(startSession, [Sessions]), AuthSettings])` */
export const site = <const C extends readonly SiteCollaborator[]>(
  paths: readonly SitePath[],
  factory: (...collaborators: ResolvedForSite<C>) => SiteHandler,
  collaborators: C,
): SiteBinding => ({ paths, factory: factory as never, collaborators });

/** Runs once when a module starts, before it serves: `atStart(createAdministrator, [Accounts])`. */
export interface StartBinding extends Provided<(start: StartContext) => Promise<void>> {}
export interface StartContext {
  /** `SEED`, the examples for a program that has no data yet; undefined for none. */
  readonly seed: string | undefined;
  /** A line for the person who starts the program. */
  announce(line: string): void;
}
export const atStart = <const C extends readonly AnyToken[]>(
  factory: (...collaborators: ResolvedAll<C>) => (start: StartContext) => Promise<void>,
  collaborators: C,
): StartBinding => use(factory, collaborators);

/** The output of a command: lines for a person, or with `--json` a value for a script. */
export interface Printed {
  readonly lines: readonly string[];
  readonly json: unknown;
}

/**
 * A command for the person at the machine, on the stored data of the module: `onCommandLine({ takes: ['EMAIL'], summary:
 * '...', json: '{"email"}' }, createAdministrator, [Accounts])`. It gets one text for each of `takes`.
 */
export interface CommandBinding extends Provided<(...given: string[]) => Promise<Printed>> {
  readonly takes: readonly string[];
  /** For the list of commands. */
  readonly summary: string;
  /** The shape of what it prints with `--json`. */
  readonly json: string;
}
export const onCommandLine = <const C extends readonly AnyToken[]>(
  usage: Pick<CommandBinding, 'takes' | 'summary' | 'json'>,
  factory: (...collaborators: ResolvedAll<C>) => CommandBinding extends Provided<infer Run> ? Run : never,
  collaborators: C,
): CommandBinding => ({ ...usage, ...use(factory, collaborators) });

/** The operations by which processes that run elsewhere trust the access tokens that a module issues. */
export interface Authentication {
  /** Gives `{ keys }`, a JWKS (RFC 7517), for `{}`. */
  readonly keys: Operation;
  /** Gives `{ live }` for `{ sessionId, claimed: { userId, roles } }`. */
  readonly session: Operation;
}

export interface ModuleDefinition {
  readonly name: string;
  readonly offers: Api;
  readonly operations: Readonly<Record<string, Provided<(input: never, context: CallContext) => Promise<unknown>>>>;
  /**
   * The operations of other modules that it calls: `needs: [PaymentsApi.authorize]`. Nothing else of them is in its
   * container, and their processes take no other call from its process.
   */
  readonly needs: readonly Operation[];
  /** The events it owns and announces. */
  readonly publishes: readonly EventDefinition[];
  /** By the name of the metric: `orders_placed_total: count(orderPlaced, { help: '...' })`. */
  readonly counts: Readonly<Record<string, EventCount>>;
  /** Its own environment variables; the schema is the token of their values. */
  readonly settings: z.ZodObject | undefined;
  readonly ports: (bind: Bind) => void;
  /** By name. The name is stored with every delivery: renaming one is a migration. */
  readonly reactions: Readonly<Record<string, ReactionBinding>>;
  readonly sagas: readonly SagaBinding[];
  readonly mails: readonly MailBinding[];
  /** By name, stored likewise. */
  readonly schedules: Readonly<Record<string, ScheduleBinding>>;
  readonly starts: readonly StartBinding[];
  /** By what is typed: `admin list`. The program may be running meanwhile; events are delivered by it, or when it starts. */
  readonly commands: Readonly<Record<string, CommandBinding>>;
  readonly endpoints: readonly Endpoint[];
  /** The scopes of its endpoints, each with what it allows an application: `'orders:read': 'See your orders'`. */
  readonly scopes: Readonly<Record<string, string>>;
  /** Its own handlers for some paths; see site.ts. */
  readonly sites: readonly SiteBinding[];
  /** Set by the one module that issues access tokens; in its own process it binds an Authenticator. */
  readonly authenticates: Authentication | undefined;
}

export function defineModule<const A extends Api>(
  name: string,
  definition: { readonly offers: A; readonly operations: NoInfer<Operations<A>> } & Partial<
    Omit<ModuleDefinition, 'name' | 'offers' | 'operations'>
  >,
): ModuleDefinition {
  requireDescribedScopes(definition);
  return {
    name,
    needs: [],
    publishes: [],
    counts: {},
    settings: undefined,
    ports() {},
    reactions: {},
    sagas: [],
    mails: [],
    schedules: {},
    starts: [],
    commands: {},
    endpoints: [],
    scopes: {},
    sites: [],
    authenticates: undefined,
    ...definition,
  };
}

/** A person is asked to allow it, so there have to be words for it. */
function requireDescribedScopes({ endpoints = [], scopes = {} }: Partial<ModuleDefinition>): void {
  const undescribed = endpoints.find(({ scope }) => scope !== undefined && !Object.hasOwn(scopes, scope));
  if (undescribed) {
    const { method, url, scope } = undescribed;
    throw new TypeError(
      `${method} ${url} asks for the scope ${scope}: say in \`scopes\` of its module what that allows.`,
    );
  }
}
