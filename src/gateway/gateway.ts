/** The single way in: everything that this process serves over HTTP, and what of the server is not Express's. */
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '#platform/logger.ts';
import type { ServedModule } from '#runtime/http/endpoint-handler.ts';
import { problemReport } from '#runtime/http/problem.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Tracing } from '#runtime/observability/spans.ts';
import type { KeptMails } from '#runtime/mail/kept-mails.ts';
import type { LogLevels } from '#runtime/observability/log-levels.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { Admission } from './admission.ts';
import { type AppOptions, createApp, type GatewaySettings } from './app.ts';
import { Health, type HealthCheck } from './health.ts';
import type { RedisCounts } from './redis-counts.ts';
import { type Documented, documentation } from './routes/documentation.ts';
import { endpointRoutes } from './routes/endpoints.ts';
import { forwardedRoutes } from './routes/forwarding.ts';
import { logLevelRoutes } from './routes/log-level.ts';
import { mailRoutes } from './routes/mails.ts';
import { probes } from './routes/probes.ts';
import { siteRoutes } from './routes/sites.ts';
import { door } from './server/door.ts';
import { Listening } from './server/listening.ts';
import type { Forwarder } from './upstreams/forwarder.ts';
import { forwardingTo } from './upstreams/forwarding.ts';
import type { Upstream } from './upstreams/upstream.ts';

export interface GatewayOptions {
  readonly modules: readonly ServedModule[];
  /** The modules that run elsewhere and are reached through this process. */
  readonly upstreams: readonly Upstream[];
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  /** Milliseconds that work has waited for a connection to a database, or for its turn. */
  readonly queueTime: () => number;
  /** Sagas of this process that are under way or wait for their turn. */
  readonly sagasUnderWay: () => number;
  /** By name; all must pass for `/readyz`. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** By name: what else `/readyz` tells, without being less ready for it. */
  readonly details: Readonly<Record<string, () => unknown>>;
  /** The counts that several gateways share. */
  readonly sharedCounts: RedisCounts | undefined;
  /** True at the port of modules behind a gateway that proves who it is; see peers.ts. */
  readonly behindGateway: boolean;
  /** True where requests come from a gateway, and not from clients. */
  readonly servesGateway: boolean;
  /** True where `/metrics` and `/readyz` are at the management port alone. A gateway goes on asking its modules at theirs. */
  readonly managedApart: boolean;
  /** The levels of the log, which the management port can change. */
  readonly logLevels?: LogLevels | undefined;
  /** Letters to show, in development on this machine. */
  readonly keptMails?: KeptMails | undefined;
  readonly settings: GatewaySettings;
  readonly documented: Documented;
}

export interface Gateway {
  readonly app: RequestListener;
  /** For the management port: nothing but probes and scrapes. */
  readonly management: RequestListener;
  /** For the event of this name: what Node's HTTP parser refuses. */
  clientError(error: Error, socket: Duplex): void;
  /** From now on `/readyz` says no, and every answer asks its client to connect anew, elsewhere. */
  drain(): void;
  /** Lets go of the connections to modules elsewhere. */
  close(): Promise<void>;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { modules, upstreams, logger, metrics, verifier, settings, managedApart } = options;
  const report = problemReport(
    modules.flatMap(({ endpoints }) => endpoints).flatMap(({ errors = [] }) => errors),
    logger,
  );
  const forwardings = upstreams.map((upstream) => forwardingTo(upstream, logger, metrics));
  const reach = forwardings.map(
    ({ upstream, forwarder }) => [`module ${upstream.name}`, async () => (await forwarder).state()] as const,
  );
  const health = new Health(options.checks, { ...options.details, ...Object.fromEntries(reach) }, logger);
  const forwarders: Forwarder[] = [];
  for (const { forwarder } of forwardings) void forwarder.then((each) => forwarders.push(each));
  const admission = new Admission({
    queueTime: options.queueTime,
    sagas: options.sagasUnderWay,
    forwarded: () => forwarders.reduce((sum, { underWay }) => sum + underWay, 0),
    tell: (line) => logger.warn(line),
  });
  metrics.watchAdmission(admission);

  const routes = [
    ...endpointRoutes(modules, report, metrics),
    ...siteRoutes(modules, settings.publicUrl),
    ...forwardedRoutes(forwardings),
    ...documentation(options.documented),
    ...(options.keptMails ? mailRoutes(options.keptMails) : []),
  ];
  const { live, ...managed } = probes(health, metrics);
  const everyProbe = [live, ...Object.values(managed)];
  const listening = new Listening({ logger, report });
  const listenerOf = (served: Pick<AppOptions, 'routes' | 'probes'>) => {
    const turnsAway = door({
      admission,
      routes: [...served.routes, ...served.probes],
      verifier,
      corsOrigins: settings.corsOrigins,
      draining: () => health.draining,
    });
    return listening.listener(createApp({ ...options, ...served, report, admission }), turnsAway);
  };
  return {
    app: listenerOf({ routes, probes: managedApart ? [live] : everyProbe }),
    management: listenerOf({
      routes: [],
      probes: [...everyProbe, ...(options.logLevels ? logLevelRoutes(options.logLevels, logger) : [])],
    }),
    clientError: listening.clientError,
    drain() {
      health.drain();
      listening.drain();
    },
    async close() {
      admission.close();
      await Promise.all(forwardings.map(async ({ forwarder }) => (await forwarder).close()));
    },
  };
}
