/** The configuration, parsed once from the environment variables; a wrong one stops the program with a line that names it. */
import { z } from 'zod';
import type { WireConditions } from '#runtime/calls/wire-mode.ts';
import type { PeerFiles } from '#runtime/grpc/peer-certificates.ts';
import { grpcTarget } from '#runtime/grpc/target.ts';
import type { LogLevel } from '#runtime/observability/create-logger.ts';
import { parseEnvironment, type Environment } from './environment.ts';
import { StartupError } from './startup-error.ts';
import { list, postgresUrl, Variables } from './variables.ts';

/** Where to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Configuration extends Place {
  readonly production: boolean;
  /** Reachable from other machines in production only, unless said otherwise: a first try is nobody else's business. */
  readonly host: string;
  /** Where probes and scrapes are answered in place of the public port; undefined: at the public port. */
  readonly management: Place | undefined;
  /** Where other processes call the modules of this one; undefined: nowhere. */
  readonly grpcPort: number | undefined;
  /** Undefined: every module there is, and the gateway. */
  readonly modules: readonly string[] | undefined;
  /** The broker that carries events between processes; undefined: they stay in this one. */
  readonly eventsUrl: string | undefined;
  /** Where several gateways share their counts of requests. */
  readonly redisUrl: string | undefined;
  /** The certificate of the public port; undefined: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** How processes prove to each other who they are. */
  readonly peerTls: PeerFiles | 'off' | undefined;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  /** The same database for what needs a session of its own, where `databaseUrl` leads through a pooler. */
  readonly databaseDirectUrl: string | undefined;
  readonly poolSize: number;
  /** Milliseconds a statement waits for a connection. */
  readonly poolTimeout: number;
  /** The catalogue that fills an empty shop; undefined, `SEED=none`, leaves it empty. */
  readonly seed: string | undefined;
  readonly logLevel: LogLevel;
  /** Milliseconds from the signal until what still runs is cut off. */
  readonly shutdownTimeout: number;
  /** Milliseconds from the signal until the port closes: time for load balancers and clients to go elsewhere. */
  readonly shutdownDelay: number;
  /** Milliseconds a request may take in all. */
  readonly requestTimeout: number;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Requests a minute of each person and of each network; 0 for no limit. */
  readonly rateLimit: number;
  readonly corsOrigins: readonly string[];
  /** How many proxies in front may be believed about the caller's address. */
  readonly trustProxy: number;
  /** The header they say it in. */
  readonly trustProxyHeader: 'x-forwarded-for' | 'forwarded';
  readonly jwksUrl: string | undefined;
  readonly tokenIssuer: string;
  readonly tokenAudience: string;
  /** Set with `CALLS=wire`: calls between modules go as over a network, with this much latency and failure. */
  readonly wire: WireConditions | undefined;
}

export function readConfiguration(environment: Environment): Configuration {
  const variables = parseEnvironment(Variables, environment);
  const { TLS_CERT, TLS_KEY, PEER_TLS, PEER_TLS_CA, PEER_TLS_CERT, PEER_TLS_KEY } = variables;
  const production = variables.NODE_ENV === 'production';
  const host = variables.HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  return {
    production,
    host,
    port: variables.PORT,
    management: managementPlace(variables, host),
    grpcPort: variables.GRPC_PORT,
    modules: variables.MODULES,
    eventsUrl: variables.EVENTS_URL,
    redisUrl: variables.REDIS_URL,
    tls: allOrNone({ cert: TLS_CERT, key: TLS_KEY }, 'TLS_CERT and TLS_KEY'),
    peerTls:
      PEER_TLS === 'off'
        ? 'off'
        : allOrNone({ ca: PEER_TLS_CA, cert: PEER_TLS_CERT, key: PEER_TLS_KEY }, 'PEER_TLS_CA, PEER_TLS_CERT and PEER_TLS_KEY'),
    dataDir: variables.DATA_DIR,
    databaseUrl: variables.DATABASE_URL,
    databaseDirectUrl: beside('DATABASE_DIRECT_URL', variables.DATABASE_DIRECT_URL, 'DATABASE_URL', variables.DATABASE_URL),
    poolSize: variables.DATABASE_POOL_SIZE,
    poolTimeout: variables.DATABASE_POOL_TIMEOUT,
    seed: variables.SEED === 'none' ? undefined : (variables.SEED ?? (production ? undefined : 'demo')),
    logLevel: variables.LOG_LEVEL,
    shutdownTimeout: variables.SHUTDOWN_TIMEOUT,
    shutdownDelay: variables.SHUTDOWN_DELAY,
    requestTimeout: variables.REQUEST_TIMEOUT,
    bodyLimit: variables.BODY_LIMIT,
    rateLimit: variables.RATE_LIMIT_PER_MINUTE,
    corsOrigins: variables.CORS_ORIGINS,
    trustProxy: variables.TRUST_PROXY,
    trustProxyHeader: variables.TRUST_PROXY_HEADER,
    jwksUrl: variables.JWKS_URL,
    tokenIssuer: variables.TOKEN_ISSUER,
    tokenAudience: variables.TOKEN_AUDIENCE,
    wire:
      variables.CALLS === 'wire'
        ? { latency: variables.CALLS_LATENCY, failureRate: variables.CALLS_FAILURE_RATE }
        : undefined,
  };
}

function managementPlace(variables: z.output<typeof Variables>, host: string): Place | undefined {
  const { MANAGEMENT_PORT: port, MANAGEMENT_HOST, PORT, GRPC_PORT } = variables;
  beside('MANAGEMENT_HOST', MANAGEMENT_HOST, 'MANAGEMENT_PORT', port);
  if (port === undefined) return undefined;
  if (port !== 0 && (port === PORT || port === GRPC_PORT)) {
    throw new StartupError(`MANAGEMENT_PORT: ${port} is ${port === PORT ? 'PORT' : 'GRPC_PORT'} already. Choose another.`);
  }
  return { host: MANAGEMENT_HOST ?? host, port };
}

function allOrNone<Files extends Record<string, string | undefined>>(
  files: Files,
  variables: string,
): { [Name in keyof Files]: string } | undefined {
  const given = Object.values(files).filter((name) => name !== undefined);
  if (given.length === 0) return undefined;
  if (given.length < Object.keys(files).length) throw new StartupError(`${variables} belong together: set all of them, or none.`);
  return files as { [Name in keyof Files]: string };
}

/** A variable of one module, such as `ORDERS_DATABASE_URL`. */
const variableOf = (module: string, ending: string) => `${variablePrefix(module)}${ending}`;

/** The beginning of a module's own variables, such as `ORDERS_`. */
export const variablePrefix = (module: string): string => `${module.toUpperCase().replaceAll('-', '_')}_`;

/** The variables that the host reads for a module. */
export const moduleVariables = (module: string): readonly string[] =>
  [ownDatabaseVariable, ownDirectVariable, callVariable, upstreamVariable, eventsVariable].map((variable) => variable(module));

/** The variable that gives a module a server of its own, such as `ORDERS_DATABASE_URL`. */
export const ownDatabaseVariable = (module: string): string => variableOf(module, 'DATABASE_URL');

export function ownDatabaseUrl(module: string, environment: Environment): string | undefined {
  return moduleVariable(ownDatabaseVariable(module), postgresUrl, environment);
}

/** The variable beside it for what needs a session of its own, such as `ORDERS_DATABASE_DIRECT_URL`. */
export const ownDirectVariable = (module: string): string => variableOf(module, 'DATABASE_DIRECT_URL');

export function ownDirectUrl(module: string, environment: Environment): string | undefined {
  const direct = moduleVariable(ownDirectVariable(module), postgresUrl, environment);
  return beside(ownDirectVariable(module), direct, ownDatabaseVariable(module), ownDatabaseUrl(module, environment));
}

function beside(variable: string, value: string | undefined, mainVariable: string, main: unknown): string | undefined {
  if (value !== undefined && main === undefined) throw new StartupError(`${variable} goes with ${mainVariable}: set that too, or neither.`);
  return value;
}

/** The variable that says where a module that runs elsewhere is called, such as `ORDERS_URL`. */
export const callVariable = (module: string): string => variableOf(module, 'URL');

/** The variable that gives a process of a topology a user of its own at the broker, such as `ORDERS_EVENTS_URL`. */
export const eventsVariable = (process: string): string => variableOf(process, 'EVENTS_URL');

const target = z
  .string()
  .trim()
  .refine((text) => grpcTarget(text) !== undefined, 'must be dns:///name:port, name:port, or IP addresses with ports, separated by commas');

/** `dns:///orders:50051`, `orders:50051`, or a list of IP addresses with ports. */
export function callTarget(module: string, environment: Environment): string | undefined {
  return moduleVariable(callVariable(module), target, environment);
}

/** The variable that says where the gateway reaches a module that runs elsewhere, such as `ORDERS_HTTP_URL`. */
export const upstreamVariable = (module: string): string => variableOf(module, 'HTTP_URL');

const origin = z.url({ protocol: /^https?$/, error: 'must be http:// or https:// URLs' }).transform((url) => new URL(url).origin);

export function upstreamOrigins(module: string, environment: Environment): readonly string[] | undefined {
  return moduleVariable(upstreamVariable(module), list.pipe(z.array(origin).min(1)), environment);
}

const moduleVariable = <S extends z.ZodType>(variable: string, schema: S, environment: Environment): z.output<S> | undefined =>
  parseEnvironment(z.object({ [variable]: schema.optional() }), environment)[variable] as z.output<S> | undefined;
