// ADR 0012
/**
 * A public REST endpoint, declared once. Routing, validation, access control, idempotency, the OpenAPI document and
 * the gateway's routes all come from this declaration.
 */
import { z } from 'zod';
import { hasRole, type Principal, type Role } from './context.ts';
import type { Api, Client, InputOf, Operation, OutputOf } from './contract.ts';
import type { ErrorDefinition } from './errors.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Fields = z.ZodObject | undefined;
type Parsed<T extends Fields> = T extends z.ZodObject ? z.output<T> : undefined;

/**
 * `anyone` needs no token, and a token that is not valid is ignored there; `user` needs any valid one, `{ role }` one
 * with that role, which `admin` has as well.
 */
export type Access = 'anyone' | 'user' | 'admin' | { readonly role: Role };

/** The role that an endpoint asks for; undefined where none is needed. */
export const roleFor = (access: Access): Role | undefined => {
  if (typeof access === 'object') return access.role;
  return access === 'admin' ? access : undefined;
};

export interface Request<Who extends Access, Path extends Fields, Query extends Fields, Body extends Fields> {
  readonly path: Parsed<Path>;
  readonly query: Parsed<Query>;
  readonly body: Parsed<Body>;
  readonly principal: Who extends 'anyone' ? Principal | undefined : Principal;
  /** The caller's network address, as far as trusted proxies vouch for it. */
  readonly address: string;
  /** Lower-cased names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came, for signatures; only where the endpoint asks for them with `rawBody`. */
  readonly rawBody: Buffer | undefined;
  /** The version from `If-Match`, where the endpoint declares a `versionConflict`; undefined without the header or for `*`. */
  readonly ifMatch: number | undefined;
  /** Milliseconds the client is ready to wait (`Prefer: wait=5`, RFC 7240), capped at 30 s; 0 without. */
  readonly wait: number;
}

export interface Answer<Body> {
  readonly status: number;
  readonly body?: Body;
  /** In place of a body that may be large: with lists that are written as they come; see streamed-answer.ts. */
  readonly stream?: Streamed<Body>;
  /** Runs once nothing more is read from `stream`, however that came about. */
  readonly done?: () => Promise<unknown>;
  /** The version that `ETag` carries, where the endpoint says `versioned`. */
  readonly version?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Described<Who extends Access> {
  readonly summary: string;
  readonly description?: string;
  readonly access: Who;
  /** `orders:read`: the scope that the token of an application needs here. Without one, no application gets in. */
  readonly scope?: string;
  /** Needs a password or another factor within the last 15 minutes (RFC 9470): for what a stolen token must not do. */
  readonly recentLogin?: boolean;
  /** Takes `Idempotency-Key`: the handler runs in one transaction together with the stored answer. */
  readonly idempotent?: boolean;
  /** Sends the version as `ETag`; a GET takes `If-None-Match`. */
  readonly versioned?: boolean;
  readonly rawBody?: boolean;
  /** Milliseconds until the whole answer must be sent, in place of REQUEST_TIMEOUT: for one that is streamed. */
  readonly timeout?: number;
  /** RFC 9745 and RFC 8594; dates as ISO 8601. */
  readonly deprecated?: { readonly since: string; readonly sunset?: string };
}

export interface EndpointFields<
  A extends Api,
  Who extends Access,
  Path extends Fields,
  Query extends Fields,
  Body extends Fields,
  Answered extends z.ZodType | undefined,
> extends Described<Who> {
  /**
   * Path and query come as text: where a schema says number, boolean or list, they are read as such before it checks
   * them. In all three, fields that a schema does not name are refused, however deep; no `strictObject` is needed.
   */
  readonly path?: Path;
  readonly query?: Query;
  readonly body?: Body;
  /**
   * The status of success and what it carries; unknown fields never leave. With `jsonLines` a list is streamed as a line
   * for each item.
   */
  readonly answers: { readonly status: number; readonly body?: Answered; readonly jsonLines?: boolean };
  readonly errors?: readonly ErrorDefinition[];
  /** Takes `If-Match`. With it, this error of the handler's is a failed precondition: 412. */
  readonly versionConflict?: ErrorDefinition;
  handle(
    request: Request<Who, Path, Query, Body>,
    module: Client<A>,
  ): Promise<Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>>;
  /**
   * Takes `Prefer: wait`. Runs after the handler's transaction when the client is ready to wait: gives the answer as it
   * is after at most `request.wait` milliseconds.
   */
  settle?(
    request: Request<Who, Path, Query, Body>,
    module: Client<A>,
    first: Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>,
  ): Promise<Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>>;
}

export interface Endpoint extends EndpointFields<Api, Access, Fields, Fields, Fields, z.ZodType | undefined> {
  readonly method: Method;
  /** `/v1/orders/{id}` */
  readonly url: string;
  readonly api: Api;
}

type AnyRequest = Request<Access, Fields, Fields, Fields>;

/** The same value with pages in the place of some of its lists. */
export type Streamed<T> =
  | T
  | (T extends readonly (infer Item)[]
      ? AsyncIterable<readonly Item[]>
      : T extends object
        ? { readonly [Key in keyof T]: Streamed<T[Key]> }
        : never);

/** A field of an operation's input that the client does not send as a field of the body or the query. */
export interface Source<T> {
  read(request: AnyRequest): T;
  /** The parameter of the URL that it is; the operation's own schema checks it. */
  readonly parameter?: string;
  readonly needsToken?: boolean;
  /** The operation's error for a version that is not the stored one. */
  readonly conflict?: ErrorDefinition;
}

/** `orderId: fromPath('id')`, of `/v1/orders/{id}` */
export const fromPath = (parameter: string): Source<never> => ({
  parameter,
  read: ({ path }) => path?.[parameter] as never,
});

/** `customerId: fromToken('userId')`. Not with `access: 'anyone'`. */
export function fromToken(field: 'userId' | 'sessionId'): Source<string>;
export function fromToken<T>(read: (principal: Principal) => T): Source<T>;
export function fromToken(of: 'userId' | 'sessionId' | ((principal: Principal) => unknown)): Source<unknown> {
  const read = typeof of === 'function' ? of : (principal: Principal) => principal[of];
  return { read: ({ principal }) => read(principal!), needsToken: true };
}

/** `customerId: ownerUnless('support')`: who asks; undefined, which is everybody, for those with the role. */
export const ownerUnless = (role: Role): Source<string | undefined> =>
  fromToken((principal) => (hasRole(principal, role) ? undefined : principal.userId));

/** `expectedVersion: fromIfMatch(OrdersErrors.changedMeanwhile)` */
export const fromIfMatch = (conflict: ErrorDefinition): Source<number | undefined> => ({
  conflict,
  read: ({ ifMatch }) => ifMatch,
});

/** `address: fromRequest(({ address }) => address)`, for all else. */
export const fromRequest = <T>(read: (request: AnyRequest) => T): Source<T> => ({ read });

/** An endpoint that calls one operation and answers with its output. */
export interface OperationEndpoint<
  O extends Operation,
  Given extends keyof InputOf<O>,
  Waited extends Operation,
> extends Described<Access> {
  /** The fields of the operation's input that come from elsewhere. All others are the body, with GET the query. */
  readonly input?: { readonly [Name in Given]: Source<InputOf<O>[Name]> };
  /** Further checks of the body, beyond the operation's own schema: `visibleLines`. */
  readonly body?: (fields: z.ZodObject<Omit<O['input']['shape'], Given>>) => z.ZodObject;
  /** 200 unless it says otherwise. With 204 the output stays here. */
  readonly status?: number;
  readonly headers?: (output: OutputOf<O>) => Readonly<Record<string, string>>;
  /** The operation's errors, unless it says otherwise. */
  readonly errors?: readonly ErrorDefinition[];
  /**
   * Takes `Prefer: wait`: the operation that answers as soon as all is done, or after its `timeout`, and its input
   * without that.
   */
  readonly settle?: {
    readonly by: Waited;
    input(output: OutputOf<O>, input: InputOf<O>): Omit<InputOf<Waited>, 'timeout'>;
  };
}

type Route = `${Method} /${string}`;

/**
 * `endpoint(OrdersApi.getOrder, 'GET /v1/orders/{id}', { access: 'user', input: { orderId: fromPath('id') }, ... })`.
 * The operation says what goes in and out and which errors there are.
 */
export function endpoint<
  O extends Operation,
  Given extends keyof InputOf<O> = never,
  Waited extends Operation & { readonly output: O['output'] } = never,
>(operation: O, route: Route, fields: OperationEndpoint<O, Given, Waited>): Endpoint;
/** For one that is more than a call: `endpoint(UsersApi, 'GET /v1/users/me/export', { ..., handle: (request, users) => ... })`. */
export function endpoint<
  A extends Api,
  Who extends Access,
  Path extends Fields = undefined,
  Query extends Fields = undefined,
  Body extends Fields = undefined,
  Answered extends z.ZodType | undefined = undefined,
>(api: A, route: Route, fields: EndpointFields<A, Who, Path, Query, Body, Answered>): Endpoint;
export function endpoint(of: Operation | Api, route: string, fields: object): Endpoint {
  const [method, url] = route.split(' ') as [Method, string];
  requireSomebody(route, fields as Described<Access>);
  const declared = isOperation(of) ? calling(of, method, fields as AnyOperationEndpoint) : { ...fields, api: of };
  return { ...declared, method, url } as Endpoint;
}

/** Refuses what would keep nobody out: where anyone may call, no token is asked for. */
function requireSomebody(route: string, { access, scope, recentLogin }: Described<Access>): void {
  if (access === 'anyone' && (scope !== undefined || recentLogin))
    throw new TypeError(`${route} lets in anyone, so it cannot ask for a scope or a recent login.`);
}

const isOperation = (of: Operation | Api): of is Operation => typeof of.kind === 'string';

type AnyOperationEndpoint = OperationEndpoint<Operation, string, Operation>;
type AnyAnswer = Answer<unknown>;

/** Milliseconds for the answer itself, on top of what the client is ready to wait. */
const answering = 5_000;

function calling(operation: Operation, method: Method, declared: AnyOperationEndpoint) {
  const { input = {}, body, status = 200, headers, settle, ...rest } = declared;
  const { shape } = operation.input;
  const sources = Object.entries(input);
  if (rest.access === 'anyone' && sources.some(([, { needsToken }]) => needsToken)) {
    throw new TypeError(
      `${operation.module}.${operation.name} takes a field from the token, and its endpoint lets in anyone without one.`,
    );
  }
  const conflict = sources.find(([, source]) => source.conflict)?.[1].conflict;
  const path = sources.flatMap(([name, { parameter }]) =>
    parameter === undefined ? [] : [[parameter, shape[name]!] as const],
  );
  const sent = Object.entries(shape).filter(([name]) => !Object.hasOwn(input, name));
  const sentFields = sent.length === 0 ? undefined : z.object(Object.fromEntries(sent));
  const inputOf = (request: AnyRequest) => ({
    ...(method === 'GET' ? request.query : request.body),
    ...Object.fromEntries(sources.map(([name, source]) => [name, source.read(request)])),
  });
  return {
    ...rest,
    errors: rest.errors ?? operation.errors,
    answers: status === 204 ? { status } : { status, body: operation.output },
    ...(path.length > 0 && { path: z.object(Object.fromEntries(path)) }),
    ...(sentFields && (method === 'GET' ? { query: sentFields } : { body: body?.(sentFields) ?? sentFields })),
    ...(conflict && { versionConflict: conflict }),
    async handle(request: AnyRequest, module: Client<Api>): Promise<AnyAnswer> {
      const output = await module[operation.name]!(inputOf(request));
      return {
        status,
        body: output,
        ...(rest.versioned && { version: (output as { version: number }).version }),
        ...(headers && { headers: headers(output) }),
      };
    },
    ...(settle && {
      async settle(request: AnyRequest, module: Client<Api>, first: AnyAnswer): Promise<AnyAnswer> {
        const { wait } = request;
        const waiting = { ...settle.input(first.body, inputOf(request)), timeout: wait };
        return { ...first, body: await module[settle.by.name]!(waiting, { timeout: wait + answering }) };
      },
    }),
  };
}
