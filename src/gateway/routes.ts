/** Express routes for what the gateway serves. */
import { type RequestHandler, Router } from 'express';
import type { Principal } from '#platform/context.ts';
import { roleFor } from '#platform/endpoint.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import type { RouteInfo } from '#runtime/http/request-context.ts';

export interface Route extends RouteInfo {
  readonly answer: RequestHandler;
}

/**
 * Makes a router. Requests that find their route go through `steps` first; what knows the path and not the method goes
 * through `limit`.
 */
export function routesOf(routes: readonly Route[], steps: readonly RequestHandler[], limit: RequestHandler): Router {
  const router = Router({ caseSensitive: true });
  for (const [url, here] of byUrl(routes)) {
    const path = router.route(url.replace(parameter, ':$1').replace(below, '{/*rest}'));
    for (const route of here) {
      const found: RequestHandler = ({ context }, _response, next) => {
        context.route = route;
        next();
      };
      path[lowerCase(route.method)](found, ...steps, route.answer);
    }
    path.all(limit, otherMethod(here));
  }
  return router;
}

/** Finds the route that Express will find, without Express. Undefined also for a target that cannot be read. */
export function routeFinder<R extends Place>(
  routes: readonly R[],
): (method: string | undefined, target: string | undefined) => R | undefined {
  const patterns = [...byUrl(routes)].map(([url, here]) => ({ pattern: patternOf(url), here }));
  return (method, target = '') =>
    patterns.find(({ pattern }) => pattern.test(target))?.here.find((route) => route.method === method);
}

const patternOf = (url: string) =>
  new RegExp(`^${url.replaceAll('.', '\\.').replace(parameter, '[^/?]+').replace(below, '(?:/[^?]*)?')}/?(?:\\?|$)`);

type Place = Pick<RouteInfo, 'method' | 'url'>;
const parameter = /\{(\w+)\}/g;
/** The end of a path that stands for all below it too. */
const below = /\/\*$/;

/**
 * Groups routes by URL. Express takes the first that matches, so literal segments come before parameters (`{` sorts after
 * letters), and those before all that is below a path.
 */
function byUrl<R extends Place>(routes: readonly R[]): Map<string, R[]> {
  const groups = Map.groupBy(
    routes.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)),
    ({ url }) => url,
  );
  const shapes = new Map<string, string>();
  for (const [url, here] of groups) {
    const twice = here.find(({ method }, index) => here.findIndex((other) => other.method === method) !== index);
    if (twice) throw new TypeError(`${twice.method} ${url} is declared twice.`);
    const shape = url.replace(parameter, '{}');
    if (shapes.has(shape))
      throw new TypeError(`${url} and ${shapes.get(shape)} are one path: call its parameters the same.`);
    shapes.set(shape, url);
  }
  return groups;
}

const sortKey = ({ url }: Place) => url.replace(below, '/\u{10ffff}');

/** Probes and staff get in when nobody else does: they are who can do something about it. */
export const isExempt = (route: RouteInfo | undefined, principal: Principal | undefined): boolean =>
  route !== undefined &&
  (route.operational || roleFor(route.access) !== undefined || principal?.roles.includes('admin') === true);

const lowerCase = (method: RouteInfo['method']) => method.toLowerCase() as Lowercase<RouteInfo['method']>;

function otherMethod(routes: readonly RouteInfo[]): RequestHandler {
  const methods: string[] = routes.map(({ method }) => method);
  const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return ({ method }, response) => {
    response.setHeader('Allow', allowed);
    if (method !== 'OPTIONS') throw httpErrors.methodNotAllowed(`${method} is not allowed here. Allowed: ${allowed}.`);
    response.status(204).end();
  };
}
