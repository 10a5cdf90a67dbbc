import { endpointHandler, type ServedModule } from '#runtime/http/endpoint-handler.ts';
import type { Report } from '#runtime/http/problem.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Route } from '../routes.ts';

/** The endpoints of modules that run in this process. */
export const endpointRoutes = (modules: readonly ServedModule[], report: Report, metrics: Metrics): Route[] =>
  modules.flatMap((module) =>
    module.endpoints.map((endpoint) => ({
      ...endpoint,
      module: module.name,
      operational: false,
      answer: endpointHandler(endpoint, module, { report, metrics }),
    })),
  );
