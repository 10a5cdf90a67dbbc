// ADR 0054
/** The environment variables that the host reads; each module declares its own in `settings.ts`. */
import { z } from 'zod';
import { about, browserOrigin, seconds, shared, whole } from '#platform/settings.ts';
import { grpcTarget } from '#runtime/grpc/target.ts';
import { mailServer, senderOf } from '#runtime/mail/mail-server.ts';
import { logLevels } from '#runtime/observability/log-levels.ts';
import { mistakeInBrokerUrl } from './brokers.ts';
import { otelVariables } from './otel-variables.ts';
import { mistakeIn } from './postgres/connection-url.ts';

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);
const textWithout = (mistakeIn: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const mistake = mistakeIn(text);
    if (mistake !== undefined) context.addIssue(mistake);
  });
const postgresUrl = textWithout(mistakeIn);
const brokerUrl = textWithout(mistakeInBrokerUrl);
const port = whole(0, 65_535);
const file = z.string().min(1).optional();

const mailUrl = z.string().transform((text, context) => {
  try {
    return mailServer(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});
const mailFrom = z.string().transform((text, context) => {
  const sender = senderOf(text);
  if (sender) return sender;
  context.addIssue({
    code: 'custom',
    message: 'must be an address, or a name and an address: Shop <no-reply@shop.example>',
  });
  return z.NEVER;
});

const callTarget = z
  .string()
  .trim()
  .refine(
    (text) => grpcTarget(text) !== undefined,
    'must be dns:///name:port, name:port, or IP addresses with ports, separated by commas',
  );
const httpOrigin = z
  .url({ protocol: /^https?$/, error: 'must be http:// or https:// URLs' })
  .transform((url) => new URL(url).origin);

export const Variables = z.object({
  NODE_ENV: shared.NODE_ENV,
  PORT: port.default(3000).meta(about('the port it listens on')),
  HOST: z
    .string()
    .min(1)
    .optional()
    .meta(about('the address it listens on', { without: '127.0.0.1, in production 0.0.0.0' })),
  MANAGEMENT_PORT: port
    .optional()
    .meta(
      about(
        'a separate port for `/metrics` and `/readyz`, to which the public port then answers 404, and for `/livez`; over plain HTTP',
        { topology: 'gateway' },
      ),
    ),
  MANAGEMENT_HOST: z
    .string()
    .min(1)
    .optional()
    .meta(about('the address of that port', { without: 'as HOST', topology: 'gateway' })),
  DATA_DIR: z.string().min(1).default('data').meta(about('the folder of the embedded database')),
  DATABASE_URL: postgresUrl
    .optional()
    .meta(about('a PostgreSQL of yours, 15 or later', { without: 'the embedded one', secret: true })),
  DATABASE_DIRECT_URL: postgresUrl
    .optional()
    .meta(
      about(
        'the same database past a pooler in transaction mode (PgBouncer, Supabase, Neon), for migrations and locks',
        { secret: true },
      ),
    ),
  AUDIT_DAYS: whole(30, 3_650).default(400).meta(about('days that entries of the audit logs are kept')),
  DATABASE_POOL_SIZE: whole(2, 200).default(10).meta(about('connections for each module')),
  DATABASE_POOL_TIMEOUT: seconds(3, 60).meta(about('seconds to wait for a connection')),
  MODULES: list
    .pipe(z.array(z.string()).min(1, 'names no module'))
    .optional()
    .meta(about('the modules that this process runs, separated by commas', { without: 'all, and the gateway' })),
  GRPC_PORT: port.optional().meta(about('the port on which other processes call its modules')),
  EVENTS_URL: brokerUrl.optional().meta(
    about('the RabbitMQ or Kafka between processes, needed where modules run apart', {
      without: 'events stay in this process',
      secret: true,
    }),
  ),
  INSTANCE: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'must be letters, digits, dots and dashes')
    .optional()
    .meta(
      about(
        'the name of this process, which no other has, and which it has again after a restart: with it, Kafka gives its work to nobody else in the seconds that a restart takes',
        { without: 'its work moves to other replicas, and back' },
      ),
    ),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .optional()
    .meta(
      about('where several gateways count requests together', {
        without: 'each counts for itself',
        secret: true,
        topology: 'gateway',
      }),
    ),
  MAIL_URL: mailUrl
    .optional()
    .meta(
      about(
        'the server that mail is sent through: smtps://user:password@host:port, or smtp:// for STARTTLS, which a password asks for',
        { without: 'mails are kept in DATA_DIR, in production not at all', secret: true },
      ),
    ),
  MAIL_FROM: mailFrom.optional().meta(about('the sender of mails: Shop <no-reply@shop.example>; needed with MAIL_URL')),
  PEER_TLS: z.enum(['on', 'off']).default('on').meta(about('"off" where the network between processes can be trusted')),
  PEER_TLS_CA: file.meta(about('the authority that processes trust, a file that is read again when it changes')),
  PEER_TLS_CERT: file.meta(about('the certificate of this process for the others, likewise')),
  PEER_TLS_KEY: file.meta(about('the file with its key')),
  TLS_CERT: file.meta(
    about('HTTPS at the public port: a certificate, a file that is read again when it changes', {
      topology: 'gateway',
    }),
  ),
  TLS_KEY: file.meta(about('the file with its key', { topology: 'gateway' })),
  SEED: z
    .string()
    .min(1)
    .optional()
    .meta(
      about('examples that fill an empty program; "none" leaves it empty', { without: 'demo, in production none' }),
    ),
  LOG_LEVEL: z
    .enum(logLevels)
    .default('info')
    .meta(about(`${logLevels.join(', ')}; JSON lines, except at a terminal`)),
  ...otelVariables,
  SHUTDOWN_TIMEOUT: seconds(10, 600).meta(about('seconds to finish what is under way')),
  SHUTDOWN_DELAY: z.coerce
    .number()
    .min(0)
    .max(600)
    .default(3)
    .transform((value) => value * 1000)
    .meta(about('seconds of those in which `/readyz` says 503 and the port goes on answering; none at a terminal')),
  REQUEST_TIMEOUT: seconds(40, 600).meta(about('seconds a request may take in all')),
  BODY_LIMIT: whole(1024, 10_000_000).default(100_000).meta(about('the most bytes that a request body may have')),
  RATE_LIMIT_PER_MINUTE: whole(0, 1_000_000_000)
    .default(12_000)
    .meta(about('requests of each person and of each network (IPv4 address, IPv6 /64); 0: no limit')),
  CORS_ORIGINS: list
    .pipe(z.array(browserOrigin))
    .default([])
    .meta(about('origins whose pages may call the API, separated by commas', { without: 'none' })),
  TRUST_PROXY: whole(0, 10)
    .default(0)
    .meta(about('how many proxies in front are trusted to tell the address of the client')),
  TRUST_PROXY_HEADER: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['x-forwarded-for', 'forwarded'], 'must be x-forwarded-for or forwarded'))
    .default('x-forwarded-for')
    .meta(about('the header those proxies write, or "forwarded" (RFC 7239); the other one is never read')),
  JWKS_URL: z
    .url()
    .optional()
    .meta(
      about(
        'the public keys of access tokens, for a process that cannot ask whether a session still lives: there a disabled person is let in until the token expires, so keep ACCESS_TOKEN_SECONDS short',
      ),
    ),
  PUBLIC_URL: shared.PUBLIC_URL,
  TOKEN_ISSUER: shared.TOKEN_ISSUER,
  TOKEN_AUDIENCE: shared.TOKEN_AUDIENCE,
  CALLS: z
    .enum(['direct', 'wire'])
    .default('direct')
    .meta(about('"wire" makes calls between modules behave as over a network')),
  CALLS_LATENCY: z.coerce
    .number()
    .min(0)
    .max(60_000)
    .default(0)
    .meta(about('with CALLS=wire: milliseconds that each call takes longer')),
  CALLS_FAILURE_RATE: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta(about('with CALLS=wire: the share of calls that fail, 0 to 1')),
});

/** The variables that exist once for each module, by how they end: `ORDERS_DATABASE_URL`. */
export const ModuleVariables = z.object({
  DATABASE_URL: postgresUrl.optional().meta(about('a PostgreSQL for this module alone', { secret: true })),
  DATABASE_DIRECT_URL: postgresUrl
    .optional()
    .meta(about('the same past a pooler in transaction mode', { secret: true })),
  URL: callTarget
    .optional()
    .meta(about('where it is called, if it runs elsewhere: dns:///name:port, or addresses separated by commas')),
  HTTP_URL: list
    .pipe(z.array(httpOrigin).min(1))
    .optional()
    .meta(about('where the gateway reaches it then: http:// or https:// URLs, separated by commas')),
});

/** Settings that exist once for each process of a topology. */
export const ProcessVariables = z.object({
  EVENTS_URL: brokerUrl
    .optional()
    .meta(
      about('in a topology: the broker, as a user of this process alone (see the command `broker`)', { secret: true }),
    ),
});
