/** The configuration, parsed once from the environment variables; a wrong one stops the program with a line that names it. */
import { z } from 'zod';
import { browserOrigin } from '#platform/settings.ts';
import { parseEnvironment, type Environment } from './environment.ts';
import { StartupError } from './startup-error.ts';
import { ModuleVariables, Variables, type ProcessVariables } from './variables.ts';

/** Where to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export type Configuration = ReturnType<typeof readConfiguration>;

export function readConfiguration(environment: Environment) {
  const variables = parseEnvironment(Variables, environment);
  const { TLS_CERT, TLS_KEY, PEER_TLS, PEER_TLS_CA, PEER_TLS_CERT, PEER_TLS_KEY } = variables;
  const production = variables.NODE_ENV === 'production';
  const host = variables.HOST ?? (production ? '0.0.0.0' : '127.0.0.1');
  return {
    production,
    // Reachable from other machines in production only, unless said otherwise: a first try is nobody else's business.
    host,
    port: variables.PORT,
    /** The port that answers probes and scrapes in place of the public port; undefined: at the public port. */
    management: managementPlace(variables, host),
    grpcPort: variables.GRPC_PORT,
    modules: variables.MODULES,
    eventsUrl: variables.EVENTS_URL,
    instance: variables.INSTANCE,
    redisUrl: variables.REDIS_URL,
    /** Undefined: no mail leaves. */
    mail: allOrNone({ server: variables.MAIL_URL, from: variables.MAIL_FROM }, 'MAIL_URL and MAIL_FROM'),
    /** The certificate of the public port; undefined: plain HTTP. */
    tls: allOrNone({ cert: TLS_CERT, key: TLS_KEY }, 'TLS_CERT and TLS_KEY'),
    /** How processes prove to each other who they are. */
    peerTls:
      PEER_TLS === 'off'
        ? ('off' as const)
        : allOrNone(
            { ca: PEER_TLS_CA, cert: PEER_TLS_CERT, key: PEER_TLS_KEY },
            'PEER_TLS_CA, PEER_TLS_CERT and PEER_TLS_KEY',
          ),
    dataDir: variables.DATA_DIR,
    databaseUrl: variables.DATABASE_URL,
    /** The same database for what needs a session of its own, where `databaseUrl` leads through a pooler. */
    databaseDirectUrl: beside(
      'DATABASE_DIRECT_URL',
      variables.DATABASE_DIRECT_URL,
      'DATABASE_URL',
      variables.DATABASE_URL,
    ),
    auditDays: variables.AUDIT_DAYS,
    poolSize: variables.DATABASE_POOL_SIZE,
    /** Milliseconds, as all times. */
    poolTimeout: variables.DATABASE_POOL_TIMEOUT,
    /** The catalogue that fills an empty shop; undefined, `SEED=none`, leaves it empty. */
    seed: variables.SEED === 'none' ? undefined : (variables.SEED ?? (production ? undefined : 'demo')),
    logLevel: variables.LOG_LEVEL,
    /** Undefined: nothing is traced. */
    tracing: tracingOf(variables),
    /** Tells whether the log goes to the collector as well. */
    sendsLog: variables.OTEL_LOGS_EXPORTER === 'otlp',
    /** Attributes that tell of this process besides. */
    resource: resourceOf(variables),
    shutdownTimeout: variables.SHUTDOWN_TIMEOUT,
    shutdownDelay: variables.SHUTDOWN_DELAY,
    requestTimeout: variables.REQUEST_TIMEOUT,
    bodyLimit: variables.BODY_LIMIT,
    rateLimit: variables.RATE_LIMIT_PER_MINUTE,
    corsOrigins: variables.CORS_ORIGINS,
    trustProxy: variables.TRUST_PROXY,
    trustProxyHeader: variables.TRUST_PROXY_HEADER,
    publicUrl: publicUrlIn(environment),
    jwksUrl: variables.JWKS_URL,
    tokenIssuer: variables.TOKEN_ISSUER,
    tokenAudience: variables.TOKEN_AUDIENCE,
    /** Set with `CALLS=wire`: calls between modules go as over a network, with this much latency and failure. */
    wire:
      variables.CALLS === 'wire'
        ? { latency: variables.CALLS_LATENCY, failureRate: variables.CALLS_FAILURE_RATE }
        : undefined,
  };
}

/** PUBLIC_URL, or else this machine's name for the port. */
export function publicUrlIn(environment: Environment): string {
  const { PUBLIC_URL, PORT, TLS_CERT } = parseEnvironment(PublicUrlVariables, environment);
  return PUBLIC_URL ?? `${TLS_CERT === undefined ? 'http' : 'https'}://localhost:${PORT}`;
}
const PublicUrlVariables = z.object({
  PUBLIC_URL: browserOrigin.optional(),
  PORT: Variables.shape.PORT,
  TLS_CERT: Variables.shape.TLS_CERT,
});

function tracingOf(variables: z.output<typeof Variables>) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint } = variables;
  const [queue, batch] = [variables.OTEL_BSP_MAX_QUEUE_SIZE, variables.OTEL_BSP_MAX_EXPORT_BATCH_SIZE];
  if (batch > queue) {
    throw new StartupError(
      `OTEL_BSP_MAX_EXPORT_BATCH_SIZE: ${batch} spans of a batch are more than the ${queue} of OTEL_BSP_MAX_QUEUE_SIZE.`,
    );
  }
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    headers: variables.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    sampler: variables.OTEL_TRACES_SAMPLER,
    ratio: variables.OTEL_TRACES_SAMPLER_ARG,
    batches: {
      delay: variables.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeout: variables.OTEL_BSP_EXPORT_TIMEOUT,
      queue,
      batch,
    },
  };
}

const resourceOf = ({ OTEL_RESOURCE_ATTRIBUTES, OTEL_SERVICE_NAME: service }: z.output<typeof Variables>) => ({
  ...OTEL_RESOURCE_ATTRIBUTES,
  ...(service !== undefined && { 'service.name': service }),
});

function managementPlace(variables: z.output<typeof Variables>, host: string): Place | undefined {
  const { MANAGEMENT_PORT: port, MANAGEMENT_HOST, PORT, GRPC_PORT } = variables;
  beside('MANAGEMENT_HOST', MANAGEMENT_HOST, 'MANAGEMENT_PORT', port);
  if (port === undefined) return undefined;
  if (port !== 0 && (port === PORT || port === GRPC_PORT)) {
    throw new StartupError(
      `MANAGEMENT_PORT: ${port} is ${port === PORT ? 'PORT' : 'GRPC_PORT'} already. Choose another.`,
    );
  }
  return { host: MANAGEMENT_HOST ?? host, port };
}

function allOrNone<Values extends object>(
  values: Values,
  variables: string,
): { [Name in keyof Values]: NonNullable<Values[Name]> } | undefined {
  const given = Object.values(values).filter((value) => value !== undefined);
  if (given.length === 0) return undefined;
  if (given.length < Object.keys(values).length)
    throw new StartupError(`${variables} belong together: set all of them, or none.`);
  return values as { [Name in keyof Values]: NonNullable<Values[Name]> };
}

/** The beginning of a module's own variables, such as `ORDERS_`. */
export const variablePrefix = (module: string): string => `${module.toUpperCase().replaceAll('-', '_')}_`;

/** A variable that exists once for each module or process, such as `ORDERS_DATABASE_URL`. */
export const moduleVariable = (
  name: string,
  ending: keyof typeof ModuleVariables.shape | keyof typeof ProcessVariables.shape,
): string => `${variablePrefix(name)}${ending}`;

/** The variables of one module or process, by their full names. */
export const variablesOf = (name: string, schema: z.ZodObject) =>
  z.object(
    Object.fromEntries(
      Object.entries(schema.shape).map(([ending, each]) => [`${variablePrefix(name)}${ending}`, each]),
    ),
  );

function readModuleVariable<E extends keyof typeof ModuleVariables.shape>(
  module: string,
  ending: E,
  environment: Environment,
) {
  const variable = moduleVariable(module, ending);
  const schema: z.ZodType = ModuleVariables.shape[ending];
  return parseEnvironment(z.object({ [variable]: schema }), environment)[variable] as z.output<
    typeof ModuleVariables
  >[E];
}

/** A PostgreSQL server for a module alone. */
export const ownDatabaseUrl = (module: string, environment: Environment) =>
  readModuleVariable(module, 'DATABASE_URL', environment);

/** The same server for what needs a session of its own. */
export const ownDirectUrl = (module: string, environment: Environment) =>
  beside(
    moduleVariable(module, 'DATABASE_DIRECT_URL'),
    readModuleVariable(module, 'DATABASE_DIRECT_URL', environment),
    moduleVariable(module, 'DATABASE_URL'),
    ownDatabaseUrl(module, environment),
  );

/** The address at which a module that runs elsewhere is called: `dns:///orders:50051`, `orders:50051`, or a list of IP addresses with ports. */
export const callTarget = (module: string, environment: Environment) => readModuleVariable(module, 'URL', environment);

/** The origins at which the gateway reaches a module that runs elsewhere. */
export const upstreamOrigins = (module: string, environment: Environment) =>
  readModuleVariable(module, 'HTTP_URL', environment);

function beside(variable: string, value: string | undefined, mainVariable: string, main: unknown): string | undefined {
  if (value !== undefined && main === undefined)
    throw new StartupError(`${variable} goes with ${mainVariable}: set that too, or neither.`);
  return value;
}
