import type { Forwarding } from '../upstreams/forwarding.ts';
import type { Route } from '../routes.ts';

/** The endpoints of modules that run elsewhere. */
export const forwardedRoutes = (forwardings: readonly Forwarding[]): Route[] =>
  forwardings.flatMap(({ upstream, forwarder }) =>
    upstream.endpoints.map((endpoint) => ({
      ...endpoint,
      module: upstream.name,
      operational: false,
      async answer(request, response) {
        // The module that answers judges its own load.
        request.context.leave();
        await (await forwarder).forward(request, response, endpoint);
      },
    })),
  );
