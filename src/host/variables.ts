/** The environment variables that the host reads; each module declares its own in `settings.ts`. */
import { z } from 'zod';
import { logLevels } from '#runtime/observability/create-logger.ts';
import { mistakeIn } from './postgres/connection-url.ts';

export const list = z
  .string()
  .transform((text) => text.split(',').map((item) => item.trim()).filter(Boolean));
const seconds = (fallback: number, most: number) =>
  z.coerce.number().positive().max(most).default(fallback).transform((value) => value * 1000);
export const postgresUrl = z.string().superRefine((text, context) => {
  const mistake = mistakeIn(text);
  if (mistake !== undefined) context.addIssue(mistake);
});
const file = z.string().min(1).optional();

/** An origin as browsers send it: in lower case, without the port that goes without saying, and without a path. */
const browserOrigin = z.string().transform((text, context) => {
  const url = URL.parse(text);
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && /^[^/]+:\/\/[^/?#@*]+\/?$/.test(text);
  if (isOrigin) return url.origin;
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no origin; give scheme, host and port only, such as https://shop.example` });
  return z.NEVER;
});

export const Variables = z.object({
  NODE_ENV: z
    .enum(['development', 'test', 'production'], 'must be development, test or production')
    .default('development')
    .describe('"production" is stricter about secrets, and listens on all addresses'),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000).describe('where it listens'),
  HOST: z.string().min(1).optional().describe('the address it listens on; this machine only, in production all'),
  MANAGEMENT_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('where /metrics and /readyz are instead, over plain HTTP; the public port'),
  MANAGEMENT_HOST: z.string().min(1).optional().describe('the address of that; as HOST'),
  DATA_DIR: z.string().min(1).default('data').describe('where the embedded database lies'),
  DATABASE_URL: postgresUrl.optional().describe('a PostgreSQL of yours instead, 15 or later'),
  DATABASE_DIRECT_URL: postgresUrl.optional().describe('the same database past a pooler in transaction mode, for what needs a session'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(10).describe('connections for each module'),
  DATABASE_POOL_TIMEOUT: seconds(3, 60).describe('seconds to wait for a connection'),
  MODULES: list
    .pipe(z.array(z.string()).min(1, 'names no module'))
    .optional()
    .describe('what this process runs, with commas between; all modules and the gateway'),
  GRPC_PORT: z.coerce.number().int().min(0).max(65_535).optional().describe('where other processes call its modules'),
  EVENTS_URL: z
    .url({ protocol: /^amqps?$/, error: 'must be an amqp:// or amqps:// URL' })
    .optional()
    .describe('the RabbitMQ between processes; events stay in this one'),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
    .optional()
    .describe('where several gateways count requests together'),
  PEER_TLS: z.enum(['on', 'off']).default('on').describe('"off" where the network between processes can be trusted'),
  PEER_TLS_CA: file.describe('the authority that processes trust, a file that is read again when it changes'),
  PEER_TLS_CERT: file.describe('what this process shows the others'),
  PEER_TLS_KEY: file.describe('the key of that'),
  TLS_CERT: file.describe('HTTPS at the public port, a file that is read again when it changes'),
  TLS_KEY: file.describe('the key of that'),
  SEED: z.string().min(1).optional().describe('examples to fill it with while it is empty: demo, in production none'),
  LOG_LEVEL: z.enum(logLevels).default('info').describe(`${logLevels.join(', ')}; JSON lines unless a terminal looks on`),
  SHUTDOWN_TIMEOUT: seconds(10, 600).describe('seconds to finish what is under way'),
  SHUTDOWN_DELAY: z.coerce
    .number()
    .min(0)
    .max(600)
    .default(3)
    .transform((value) => value * 1000)
    .describe('seconds of those in which /readyz says 503 and the port goes on answering; none at a terminal'),
  REQUEST_TIMEOUT: seconds(40, 600).describe('seconds a request may take in all'),
  BODY_LIMIT: z.coerce.number().int().min(1024).max(10_000_000).default(100_000).describe('bytes of a request'),
  RATE_LIMIT_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(12_000)
    .describe('requests of each person and of each network (IPv4 address, IPv6 /64); 0: no limit'),
  CORS_ORIGINS: list.pipe(z.array(browserOrigin)).default([]).describe('origins whose pages may call, with commas between'),
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0).describe('proxies in front to believe about addresses'),
  TRUST_PROXY_HEADER: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['x-forwarded-for', 'forwarded'], 'must be x-forwarded-for or forwarded'))
    .default('x-forwarded-for')
    .describe('the header those proxies write; the other one is never read'),
  JWKS_URL: z.url().optional().describe('the keys of access tokens, where nobody can be asked about sessions: a disabled person goes on until their token ends, so keep ACCESS_TOKEN_SECONDS short'),
  TOKEN_ISSUER: z.string().min(1).default('fissile').describe('of access tokens'),
  TOKEN_AUDIENCE: z.string().min(1).default('fissile').describe('of access tokens'),
  CALLS: z.enum(['direct', 'wire']).default('direct').describe('"wire" makes calls between modules behave as over a network'),
  CALLS_LATENCY: z.coerce.number().min(0).max(60_000).default(0).describe('with that: milliseconds to each'),
  CALLS_FAILURE_RATE: z.coerce.number().min(0).max(1).default(0).describe('with that: the part of them that fails'),
});
