/** The environment variables the host reads, parsed once; a wrong one stops the program with a line that names it. */
import { z } from 'zod';
import type { WireConditions } from '#platform/calls/wire-mode.ts';
import { logLevels, type LogLevel } from '#platform/observability/create-logger.ts';
import { StartupError } from './startup-error.ts';

const list = z
  .string()
  .transform((text) => text.split(',').map((item) => item.trim()).filter(Boolean));
const seconds = (fallback: number, most: number) =>
  z.coerce.number().positive().max(most).default(fallback).transform((value) => value * 1000);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgresql:// URL' });

const Variables = z.object({
  NODE_ENV: z.string().default('development'),
  HOST: z.string().min(1).optional(),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  MODULES: list.pipe(z.array(z.string()).min(1, 'names no module')).optional(),
  DATA_DIR: z.string().min(1).default('data'),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10),
  DATABASE_POOL_TIMEOUT: seconds(5, 60),
  SEED: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(logLevels).default('info'),
  SHUTDOWN_TIMEOUT: seconds(10, 600),
  REQUEST_TIMEOUT: seconds(40, 600),
  BODY_LIMIT: z.coerce.number().int().min(1024).max(10_000_000).default(100_000),
  RATE_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).default(12_000),
  CORS_ORIGINS: list.default([]),
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  JWKS_URL: z.url().optional(),
  CALLS: z.enum(['direct', 'wire']).default('direct'),
  CALLS_LATENCY: z.coerce.number().min(0).max(60_000).default(0),
  CALLS_FAILURE_RATE: z.coerce.number().min(0).max(1).default(0),
  TOKEN_ISSUER: z.string().min(1).default('fissile'),
  TOKEN_AUDIENCE: z.string().min(1).default('fissile'),
});

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Configuration {
  readonly production: boolean;
  /** Reachable from other machines in production only, unless said otherwise: a first try is nobody else's business. */
  readonly host: string;
  readonly port: number;
  /** Undefined: every module there is. */
  readonly modules: readonly string[] | undefined;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly poolSize: number;
  /** Milliseconds a statement waits for a connection. */
  readonly poolTimeout: number;
  /** The catalogue for a first start; `SEED=none` for an empty shop. */
  readonly seed: string | undefined;
  readonly logLevel: LogLevel;
  /** Milliseconds from the signal until what still runs is cut off. */
  readonly shutdownTimeout: number;
  /** Milliseconds a request may take in all. */
  readonly requestTimeout: number;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Requests a minute for each person, or each address without a token; 0 for no limit. */
  readonly rateLimit: number;
  readonly corsOrigins: readonly string[];
  /** How many proxies in front may be believed about the caller's address. */
  readonly trustProxy: number;
  readonly jwksUrl: string | undefined;
  readonly tokenIssuer: string;
  readonly tokenAudience: string;
  /** Set with `CALLS=wire`: calls between modules go as over a network, with this much latency and failure. */
  readonly wire: WireConditions | undefined;
}

/** Checks `environment` against `schema`; an empty variable counts as absent. */
export function parseEnvironment<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new StartupError(`Wrong environment variable ${lines.join('; ')}.`);
}

export function readConfiguration(environment: Environment): Configuration {
  const variables = parseEnvironment(Variables, environment);
  const production = variables.NODE_ENV === 'production';
  return {
    production,
    host: variables.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: variables.PORT,
    modules: variables.MODULES,
    dataDir: variables.DATA_DIR,
    databaseUrl: variables.DATABASE_URL,
    poolSize: variables.DATABASE_POOL_SIZE,
    poolTimeout: variables.DATABASE_POOL_TIMEOUT,
    seed: variables.SEED === 'none' ? undefined : (variables.SEED ?? (production ? undefined : 'demo')),
    logLevel: variables.LOG_LEVEL,
    shutdownTimeout: variables.SHUTDOWN_TIMEOUT,
    requestTimeout: variables.REQUEST_TIMEOUT,
    bodyLimit: variables.BODY_LIMIT,
    rateLimit: variables.RATE_LIMIT_PER_MINUTE,
    corsOrigins: variables.CORS_ORIGINS,
    trustProxy: variables.TRUST_PROXY,
    jwksUrl: variables.JWKS_URL,
    tokenIssuer: variables.TOKEN_ISSUER,
    tokenAudience: variables.TOKEN_AUDIENCE,
    wire:
      variables.CALLS === 'wire'
        ? { latency: variables.CALLS_LATENCY, failureRate: variables.CALLS_FAILURE_RATE }
        : undefined,
  };
}

/** The variable that gives a module a server of its own, such as `ORDERS_DATABASE_URL`. */
export const ownDatabaseVariable = (module: string): string => `${module.toUpperCase().replaceAll('-', '_')}_DATABASE_URL`;

export function ownDatabaseUrl(module: string, environment: Environment): string | undefined {
  const variable = ownDatabaseVariable(module);
  return parseEnvironment(z.object({ [variable]: postgresUrl.optional() }), environment)[variable];
}
