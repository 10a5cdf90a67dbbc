/**
 * The steps that every request goes through: find the route, count it against the limit, find out who asks and
 * whether they may, read the body, answer. What goes wrong in any of them becomes a problem (RFC 9457).
 */
import { CallContext, runInContext } from '#platform/context.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Exchange } from '#runtime/http/exchange.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import type { Report } from '#runtime/http/problem.ts';
import type { SentAnswer } from '#runtime/http/rendered-answer.ts';
import type { Found, RouteTable } from '#runtime/http/route-table.ts';
import type { Logger } from '#platform/logger.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import type { Admission } from './admission.ts';
import { bearerToken, identify, requireAccess } from './authentication.ts';
import { cors } from './cors.ts';
import { requireGateway } from './peers.ts';
import { rateLimit } from './rate-limit.ts';
import { bodyReader } from './request-body.ts';
import { requireOneMeaning } from './request-head.ts';
import type { RedisCounts } from './redis-counts.ts';
import { isExempt, type Route } from './routes.ts';

const maxToldPath = 200;

export interface AnswererOptions {
  readonly routes: RouteTable<Route>;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly report: Report;
  readonly sharedCounts: RedisCounts | undefined;
  readonly behindGateway: boolean;
  readonly admission: Admission;
  readonly settings: { readonly rateLimit: number; readonly bodyLimit: number; readonly corsOrigins: readonly string[] };
}

export function answerer(options: AnswererOptions): (exchange: Exchange) => Promise<void> {
  const { routes, verifier, logger, report, sharedCounts, behindGateway, admission, settings } = options;
  const limit = settings.rateLimit > 0 ? rateLimit(settings.rateLimit, sharedCounts, logger) : undefined;
  const crossOrigin = cors(settings.corsOrigins);
  const bodyOf = bodyReader(settings.bodyLimit);

  const answer = async (exchange: Exchange): Promise<SentAnswer | undefined> => {
    requireOneMeaning(exchange.request);
    const preflight = crossOrigin(exchange);
    if (preflight) return preflight;
    const found = find(routes, exchange);
    const route = found && routeFor(found, exchange);
    if (route) exchange.route = route;
    if (route && behindGateway) requireGateway(route, exchange, logger);

    const token = bearerToken(exchange);
    exchange.principal = token === undefined ? undefined : verifier.recall(token);
    if (limit && !exchange.route.operational) await limit(exchange);
    if (!found) throw platformErrors.notFound(`There is nothing at ${exchange.path.slice(0, maxToldPath)}. What there is: /docs.`);
    if (!route) return otherMethod(found, exchange);

    const { requestId, trace, origin, signal } = exchange;
    if (token !== undefined && !exchange.principal) {
      exchange.principal = await identify(token, route.access, { verifier, logger, requestId, origin });
    }
    const { principal } = exchange;
    requireAccess(route.access, principal);
    if (route.method !== 'GET') exchange.body = await bodyOf(exchange);
    if (route.timeout !== undefined) exchange.allow(route.timeout);
    if (!isExempt(route, principal)) exchange.hold(await admission.enter());
    const { deadline } = exchange;
    const context = new CallContext({ deadline, requestId, trace, origin, principal, token: principal && token, signal });
    return await runInContext(context, () => route.answer(exchange, found.parameters));
  };

  return async (exchange) => {
    try {
      const sent = await answer(exchange);
      if (sent) exchange.send(sent);
    } catch (error) {
      exchange.send(report(error, exchange));
    }
  };
}

function find(routes: RouteTable<Route>, { path }: Exchange): Found<Route> | undefined {
  try {
    return routes.find(path);
  } catch (cause) {
    throw platformErrors.invalidRequest({ detail: 'The path is not properly encoded.', cause });
  }
}

/** What answers GET answers HEAD. */
const routeFor = ({ byMethod }: Found<Route>, { request: { method } }: Exchange): Route | undefined =>
  byMethod.get(method === 'HEAD' ? 'GET' : method);

function otherMethod({ byMethod }: Found<Route>, exchange: Exchange): SentAnswer {
  const methods = [...byMethod.keys(), ...(byMethod.has('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  exchange.header('Allow', methods);
  const { method } = exchange.request;
  if (method !== 'OPTIONS') throw httpErrors.methodNotAllowed(`${method} is not possible here. What is: ${methods}.`);
  return { status: 204, headers: [], body: undefined };
}
