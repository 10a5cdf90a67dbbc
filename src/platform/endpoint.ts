/**
 * A public REST endpoint, declared once. Routing, validation, access control, idempotency, the OpenAPI document and
 * the gateway's routes all come from this declaration.
 */
import type { z } from 'zod';
import type { Principal } from './context.ts';
import type { Api, Client } from './contract.ts';
import type { ErrorDefinition } from './errors.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Fields = z.ZodObject | undefined;
type Parsed<T extends Fields> = T extends z.ZodObject ? z.output<T> : undefined;

/**
 * `anyone` needs no token, and a token that is not valid is ignored there; `user` needs any valid one, `admin` one
 * with that role.
 */
export type Access = 'anyone' | 'user' | 'admin';

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
  /** The version from `If-Match`, where the endpoint says `versioned`; undefined without the header or for `*`. */
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

export interface EndpointFields<
  A extends Api,
  Who extends Access,
  Path extends Fields,
  Query extends Fields,
  Body extends Fields,
  Answered extends z.ZodType | undefined,
> {
  readonly summary: string;
  readonly description?: string;
  readonly access: Who;
  /**
   * Path and query come as text: where a schema says number, boolean or list, they are read as such before it checks
   * them. In all three, fields that a schema does not name are refused, however deep; no `strictObject` is needed.
   */
  readonly path?: Path;
  readonly query?: Query;
  readonly body?: Body;
  /** The status of success and what it carries; unknown fields never leave. */
  readonly answers: { readonly status: number; readonly body?: Answered };
  readonly errors?: readonly ErrorDefinition[];
  /** Takes `Idempotency-Key`: the handler runs in one transaction together with the stored answer. */
  readonly idempotent?: boolean;
  /** Sends `ETag` from the answer's `version` and takes `If-Match` (GET: `If-None-Match`). */
  readonly versioned?: boolean;
  readonly rawBody?: boolean;
  /** Milliseconds until the whole answer must be sent, in place of REQUEST_TIMEOUT: for one that is streamed. */
  readonly timeout?: number;
  /** Takes `Prefer: wait`. */
  readonly waits?: boolean;
  /** RFC 9745 and RFC 8594; dates as ISO 8601. */
  readonly deprecated?: { readonly since: string; readonly sunset?: string };
  handle(
    request: Request<Who, Path, Query, Body>,
    module: Client<A>,
  ): Promise<Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>>;
  /**
   * With `waits`, runs after the handler's transaction when the client is ready to wait: gives the answer as it is
   * after at most `request.wait` milliseconds.
   */
  settle?(
    request: Request<Who, Path, Query, Body>,
    module: Client<A>,
    first: Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>,
  ): Promise<Answer<Answered extends z.ZodType ? z.input<Answered> : undefined>>;
}

export interface Endpoint
  extends EndpointFields<Api, Access, Fields, Fields, Fields, z.ZodType | undefined> {
  readonly method: Method;
  /** `/v1/orders/{id}` */
  readonly url: string;
  readonly api: Api;
}

/** The same value with pages in the place of some of its lists. */
export type Streamed<T> =
  | T
  | (T extends readonly (infer Item)[] ? AsyncIterable<readonly Item[]> : T extends object ? { readonly [Key in keyof T]: Streamed<T[Key]> } : never);

/**
 * `endpoint(OrdersApi, 'GET /v1/orders/{id}', { access: 'user', ..., handle: ({ path }, orders) => ... })`;
 * `handle` gets the module's own operations as others would call them.
 */
export function endpoint<
  A extends Api,
  Who extends Access,
  Path extends Fields = undefined,
  Query extends Fields = undefined,
  Body extends Fields = undefined,
  Answered extends z.ZodType | undefined = undefined,
>(api: A, route: `${Method} /${string}`, fields: EndpointFields<A, Who, Path, Query, Body, Answered>): Endpoint {
  const [method, url] = route.split(' ') as [Method, string];
  return { ...fields, api, method, url } as unknown as Endpoint;
}
