// ADR 0052
/**
 * The gateway: an Express application. A request passes these steps in this order, and what goes wrong in one of them
 * becomes a problem in the last. A step of one's own is one line here; see README.md.
 */
import { parse } from 'node:querystring';
import express, { type Express } from 'express';
import type { Logger } from '#platform/logger.ts';
import type { Report } from '#runtime/http/problem.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Tracing } from '#runtime/observability/spans.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import type { Admission } from './admission.ts';
import { accessLog } from './middleware/access-log.ts';
import { admit } from './middleware/admission.ts';
import { authentication, recognition } from './middleware/authentication.ts';
import { callContext } from './middleware/call-context.ts';
import type { ProxyTrust } from './middleware/client-address.ts';
import { compressed } from './middleware/compression.ts';
import { crossOrigin } from './middleware/cross-origin.ts';
import { measure } from './middleware/measure.ts';
import { requireGateway } from './middleware/peers.ts';
import { notFound, problems } from './middleware/problems.ts';
import { rateLimit } from './middleware/rate-limit.ts';
import { requestBody } from './middleware/request-body.ts';
import { requestContext } from './middleware/request-context.ts';
import { securityHeaders } from './middleware/security-headers.ts';
import { routeTime, timeLimit } from './middleware/time-limit.ts';
import { unambiguousHead } from './middleware/unambiguous-head.ts';
import type { RedisCounts } from './redis-counts.ts';
import { type Route, routesOf } from './routes.ts';

export interface GatewaySettings extends ProxyTrust {
  /** The origin that people use. */
  readonly publicUrl: string;
  /** Milliseconds a request may take in all. */
  readonly requestTimeout: number;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Requests a minute of each person and of each network; 0 for no limit. */
  readonly rateLimit: number;
  /** Origins whose pages may call; none turns CORS off. */
  readonly corsOrigins: readonly string[];
}

export interface AppOptions {
  readonly routes: readonly Route[];
  readonly probes: readonly Route[];
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  readonly report: Report;
  readonly admission: Admission;
  /** The counts that several gateways share. */
  readonly sharedCounts: RedisCounts | undefined;
  /** True at the port of modules behind a gateway that proves who it is; see peers.ts. */
  readonly behindGateway: boolean;
  /** True where requests come from a gateway, and not from clients. */
  readonly servesGateway: boolean;
  readonly settings: GatewaySettings;
}

export function createApp({
  routes,
  probes,
  verifier,
  logger,
  metrics,
  tracing,
  report,
  admission,
  sharedCounts,
  behindGateway,
  servesGateway,
  settings,
}: AppOptions): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.set('trust proxy', settings.trustProxy).set('query parser', queryFields);

  // One route of many steps: each layer that `app.use` makes is matched with the path again (ADR 0052).
  app
    .route(/^/)
    .all(
      requestContext(settings, tracing),
      timeLimit(settings.requestTimeout),
      measure(metrics, servesGateway),
      accessLog(logger),
    )
    .all(securityHeaders(), unambiguousHead, crossOrigin(settings.corsOrigins));
  app.use(recognition(verifier));

  const limit = rateLimit(settings.rateLimit, sharedCounts, logger);
  const peers = behindGateway ? [requireGateway(logger)] : [];
  const steps = [
    compressed,
    ...peers,
    limit,
    authentication(verifier, logger),
    requestBody(settings.bodyLimit),
    routeTime,
    admit(admission),
    callContext,
  ];
  app.use(routesOf(routes, steps, limit));
  app.use(routesOf(probes, [compressed], limit));

  app.use(limit, notFound);
  app.use(problems(report));
  return app;
}

const mostQueryFields = 100;
const queryFields = (text: string) => parse(text, '&', '=', { maxKeys: mostQueryFields });
