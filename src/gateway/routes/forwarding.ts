import type { RequestHandler } from 'express';
import type { Forwarding } from '../upstreams/forwarding.ts';
import type { Route } from '../routes.ts';
import { routesOfSites } from './sites.ts';

/** The endpoints and sites of modules that run elsewhere. */
export const forwardedRoutes = (forwardings: readonly Forwarding[]): Route[] =>
  forwardings.flatMap(({ upstream, forwarder }) => {
    const forwarded =
      (idempotent: boolean): RequestHandler =>
      async (request, response) => {
        // The module that answers judges its own load.
        request.context.leave();
        await (await forwarder).forward(request, response, idempotent);
      };
    return [
      ...upstream.endpoints.map((endpoint) => ({
        ...endpoint,
        module: upstream.name,
        operational: false,
        answer: forwarded(endpoint.idempotent ?? false),
      })),
      ...routesOfSites(upstream, () => forwarded(false)),
    ];
  });
