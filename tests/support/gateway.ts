/** The gateway in front of endpoints made up for a test, with real tokens and no network in between. */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import supertest from 'supertest';
import { z } from 'zod';
import type { Principal, Role } from '#platform/context.ts';
import { api, event } from '#platform/contract.ts';
import { on } from '#platform/module.ts';
import type { Database } from '#platform/database.ts';
import type { Endpoint } from '#platform/endpoint.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Metrics } from '#runtime/observability/metrics.ts';
import { signAccessToken, type SigningKey } from '#platform/access-token.ts';
import type { Authenticator } from '#platform/authenticator.ts';
import { TokenVerifier } from '#runtime/security/token-verifier.ts';
import type { GatewaySettings } from '../../src/gateway/app.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import type { HealthCheck } from '../../src/gateway/health.ts';
import type { RedisCounts } from '../../src/gateway/redis-counts.ts';
import type { ServedSite } from '#runtime/http/endpoint-handler.ts';
import type { Upstream } from '../../src/gateway/upstreams/upstream.ts';

export const LibraryApi = api('library', {});
const bookLent = event('library.book-lent', 1, {
  key: 'id',
  summary: 'When <somebody> took `it` home.',
  payload: z.object({ id: z.uuid(), reader: z.object({ age: z.int().optional().describe('in years') }) }),
});
const publishes = [bookLent];
const reactions = { 'send-reminder': on(bookLent, () => async () => {}, [], { summary: 'Asks for it back.' }) };
export const parties = { issuer: 'fissile', issuers: ['fissile'], audience: 'fissile' };

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const signingKey: SigningKey = { kid: 'test-key', privateKey };
export const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid: signingKey.kid, alg: 'RS256', use: 'sig' };

export const somebody = (...roles: Role[]): Principal => ({
  userId: randomUUID(),
  sessionId: randomUUID(),
  roles: roles.length === 0 ? ['customer'] : roles,
});

export const tokenFor = (principal: Principal, { now = new Date(), lifetime = 900 } = {}) =>
  signAccessToken(principal, signingKey, { ...parties, lifetime, now });

/** Trusts `signingKey`; sessions live until they are ended. */
export class TestAuthenticator implements Authenticator {
  readonly ended = new Set<string>();
  reachable = true;
  readonly #listeners: ((sessionId: string) => void)[] = [];
  readonly #gaps: (() => void)[] = [];

  async keys() {
    this.#mustBeReachable();
    return [publicJwk];
  }

  async isLive({ sessionId }: Principal) {
    this.#mustBeReachable();
    return !this.ended.has(sessionId);
  }

  onEnded(listener: (sessionId: string) => void, onGap = () => {}) {
    this.#listeners.push(listener);
    this.#gaps.push(onGap);
  }

  /** Ends nobody heard of. */
  endUnheard(sessionId: string) {
    this.ended.add(sessionId);
    for (const onGap of this.#gaps) onGap();
  }

  end(sessionId: string) {
    this.ended.add(sessionId);
    for (const listener of this.#listeners) listener(sessionId);
  }

  #mustBeReachable() {
    if (!this.reachable) throw new Error('The issuer is out of reach.');
  }
}

export interface TestGateway extends Gateway {
  readonly http: ReturnType<typeof supertest>;
  readonly authenticator: TestAuthenticator;
  readonly metrics: Metrics;
  /** The log so far, as text and parsed. */
  log(): { text: string; lines: Record<string, unknown>[] };
}

export interface TestGatewayOptions {
  readonly settings?: Partial<GatewaySettings>;
  readonly checks?: Readonly<Record<string, HealthCheck>>;
  readonly details?: GatewayOptions['details'];
  readonly keptMails?: GatewayOptions['keptMails'];
  readonly sites?: readonly ServedSite[];
  readonly upstreams?: readonly Upstream[];
  readonly database?: Database;
  readonly behindGateway?: boolean;
  readonly managedApart?: boolean;
  readonly sharedCounts?: RedisCounts;
  readonly queueTime?: () => number;
}

export function gateway(
  endpoints: readonly Endpoint[],
  {
    settings,
    checks = {},
    details = {},
    keptMails,
    sites = [],
    upstreams = [],
    database,
    behindGateway = false,
    managedApart = false,
    sharedCounts,
    queueTime = () => 0,
  }: TestGatewayOptions = {},
): TestGateway {
  let text = '';
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (lines) => (text += lines) } });
  const authenticator = new TestAuthenticator();
  const metrics = new Metrics();
  const created = createGateway({
    modules: [{ name: 'library', endpoints, sites, client: {}, database: database ?? noDatabase }],
    verifier: new TokenVerifier({ ...parties, authenticator }),
    logger,
    metrics,
    queueTime,
    sagasUnderWay: () => 0,
    checks,
    details,
    upstreams,
    behindGateway,
    servesGateway: behindGateway,
    managedApart,
    sharedCounts,
    keptMails,
    documented: {
      modules: (upstreams.length > 0 ? upstreams : [{ name: 'library', endpoints }]).map((module) => ({
        ...module,
        publishes,
        reactions,
        scopes: {},
      })),
      wire: undefined,
      version: '1.2.3',
      publicUrl: 'http://localhost:3000',
    },
    settings: {
      requestTimeout: 5_000,
      publicUrl: 'http://localhost:3000',
      bodyLimit: 100_000,
      rateLimit: 0,
      corsOrigins: [],
      trustProxy: 0,
      trustProxyHeader: 'x-forwarded-for',
      ...settings,
    },
  });
  return {
    ...created,
    authenticator,
    metrics,
    http: supertest(created.app),
    log() {
      logger.close();
      return {
        text,
        lines: text
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      };
    },
  };
}

const noDatabase = {} as Database;
