/**
 * The single way in: an Express application with everything that this process serves. Express hands every request
 * to one handler; see answerer.ts for the steps.
 */
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Request, type Response } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { Endpoint } from '#platform/endpoint.ts';
import type { Exchange } from '#runtime/http/exchange.ts';
import { endpointHandler, type ServedModule } from '#runtime/http/endpoint-handler.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { problemReport, type Report } from '#runtime/http/problem.ts';
import { RouteTable } from '#runtime/http/route-table.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { Admission } from './admission.ts';
import { answerer } from './answerer.ts';
import { clientAddress, type ProxyTrust } from './client-address.ts';
import { door } from './door.ts';
import { documentation } from './documentation.ts';
import { Health, type HealthCheck } from './health.ts';
import { parserErrors } from './parser-errors.ts';
import { receiver } from './receive.ts';
import type { RedisCounts } from './redis-counts.ts';
import type { Route } from './routes.ts';
import type { Forwarder } from './upstreams/forwarder.ts';
import type { Upstream } from './upstreams/upstream.ts';

export interface GatewaySettings extends ProxyTrust {
  /** Milliseconds a request may take in all. */
  readonly requestTimeout: number;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Requests a minute of each person and of each network; 0 for no limit. */
  readonly rateLimit: number;
  /** Origins whose pages may call; none turns CORS off. */
  readonly corsOrigins: readonly string[];
}

export interface GatewayOptions {
  readonly modules: readonly ServedModule[];
  /** The modules that run elsewhere and are reached through this process. */
  readonly upstreams: readonly Upstream[];
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Milliseconds that work has waited for a connection to a database, or for its turn. */
  readonly queueTime: () => number;
  /** By name; all must pass for `/readyz`. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** By name: what else `/readyz` tells, without being less ready for it. */
  readonly details: Readonly<Record<string, () => unknown>>;
  /** Where several gateways count requests together. */
  readonly sharedCounts: RedisCounts | undefined;
  /** Whether this is the port of modules behind a gateway that proves who it is; see peers.ts. */
  readonly behindGateway: boolean;
  /** Whether `/metrics` and `/readyz` are at the management port alone. A gateway goes on asking its modules at theirs. */
  readonly managedApart: boolean;
  readonly settings: GatewaySettings;
  /** Of the program, for the documentation. */
  readonly version: string;
}

export interface GatewayApp {
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

export function createApp(options: GatewayOptions): GatewayApp {
  const { modules, logger, metrics, settings } = options;
  const endpoints = modules.flatMap((module) => module.endpoints);
  const report = problemReport(endpoints.flatMap(({ errors = [] }) => errors), logger);
  const forwarders = options.upstreams.map((upstream) => ({ upstream, forwarder: forwarderOf(upstream, options) }));
  const health = new Health(options.checks, { ...options.details, ...detailsOf(forwarders) }, logger);

  const routes = new RouteTable<Route>();
  const serve = (route: Route) => routes.add(route.method, route.url, route);
  moduleRoutes(options, report).forEach(serve);
  forwarders.flatMap((each) => forwardedRoutes(each, metrics)).forEach(serve);
  const operational = operationalRoutes(options, health);
  operational.filter(({ url }) => url === livez || !options.managedApart).forEach(serve);
  documentationRoutes(options).forEach(serve);
  const managementRoutes = new RouteTable<Route>();
  operational.forEach((route) => managementRoutes.add(route.method, route.url, route));

  const receive = receiver({
    logger,
    metrics,
    addressOf: clientAddress(settings),
    draining: () => health.draining,
    requestTimeout: settings.requestTimeout,
    onTimeout: (exchange) => exchange.send(report(platformErrors.deadlineExceeded(), exchange)),
  });
  const admission = new Admission({
    queueTime: options.queueTime,
    tell: (line) => logger.warn(line),
  });
  metrics.watchAdmission(admission);
  const latest = new WeakMap<Duplex, Exchange>();
  const take = (request: Request, response: Response): Exchange => {
    const exchange = receive(request, response);
    latest.set(request.socket, exchange);
    return exchange;
  };
  const listener = (table: RouteTable<Route>): RequestListener => {
    const answer = answerer({ ...options, routes: table, report, admission });
    const turnsAway = door({ admission, routes: table, verifier: options.verifier, corsOrigins: settings.corsOrigins, draining: () => health.draining });
    const app = express();
    app.disable('x-powered-by').disable('etag').set('query parser', false).set('trust proxy', settings.trustProxy);
    app.use((request, response) => answer(take(request, response)));
    return (request, response) => {
      if (turnsAway(request, response)) return;
      app(request as Request, response as Response, (cause?: unknown) => {
        // Express gets here only with a target that it cannot parse, and nor can anything after it.
        request.url = '/';
        const exchange = take(request as Request, response as Response);
        exchange.send(report(httpErrors.malformedRequest({ detail: 'The target is not a URL.', cause }), exchange));
      });
    };
  };
  return {
    clientError: parserErrors({ report, logger, latest: (socket) => latest.get(socket) }),
    app: listener(routes),
    management: listener(managementRoutes),
    drain: () => health.drain(),
    async close() {
      admission.close();
      await Promise.all(forwarders.map(async ({ forwarder }) => (await forwarder).close()));
    },
  };
}

interface Forwarding {
  readonly upstream: Upstream;
  readonly forwarder: Promise<Forwarder>;
}

/** A process that runs every module does not spend a tenth of a second on reading what forwards. */
async function forwarderOf(upstream: Upstream, { metrics, logger }: GatewayOptions): Promise<Forwarder> {
  const { Forwarder } = await import('./upstreams/forwarder.ts');
  const forwarder = new Forwarder(upstream, logger);
  metrics.watchRemoteModule(`${upstream.name} over HTTP`, () => forwarder);
  return forwarder;
}

const detailsOf = (forwarders: readonly Forwarding[]) =>
  Object.fromEntries(forwarders.map(({ upstream, forwarder }) => [`module ${upstream.name}`, async () => (await forwarder).state()]));

function routeOf(endpoint: Endpoint, metrics: Metrics, answer: Route['answer']): Route {
  const { method, url, access, timeout } = endpoint;
  return { method, url, access, timeout, operational: false, meter: metrics.requests(method, url), answer };
}

const moduleRoutes = ({ modules, metrics }: GatewayOptions, report: Report): Route[] =>
  modules.flatMap((module) =>
    module.endpoints.map((endpoint) => routeOf(endpoint, metrics, endpointHandler(endpoint, module, { report, metrics }))),
  );

const forwardedRoutes = ({ upstream, forwarder }: Forwarding, metrics: Metrics): Route[] =>
  upstream.endpoints.map((endpoint) =>
    routeOf(endpoint, metrics, async (exchange) => {
      // The module that answers judges its own load.
      exchange.letGo();
      return (await forwarder).forward(exchange, endpoint);
    }),
  );

const livez = '/livez';

const ownRoute = ({ metrics }: GatewayOptions, url: string, operational: boolean, answer: Route['answer']): Route => ({
  method: 'GET',
  url,
  access: 'anyone',
  operational,
  meter: metrics.requests('GET', url),
  answer,
});

/** For probes and scrapes. They are open: what they tell is no secret, and the network can keep others out. */
function operationalRoutes(options: GatewayOptions, health: Health): Route[] {
  const { metrics } = options;
  const route = (url: string, answer: Route['answer']) => ownRoute(options, url, true, answer);
  return [
    route(livez, health.live),
    route('/readyz', health.ready),
    route('/metrics', async () => ({
      status: 200,
      headers: ['Cache-Control', 'no-store', 'Content-Type', metrics.registry.contentType],
      body: await metrics.text(),
    })),
  ];
}

const documentationRoutes = (options: GatewayOptions): Route[] =>
  documentation([...options.modules, ...options.upstreams], options.version).map(({ url, answer }) => ownRoute(options, url, false, answer));
