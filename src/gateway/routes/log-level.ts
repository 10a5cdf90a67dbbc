// ADR 0077
/** The level of the log at the management port: `GET` tells it, `PUT` changes it for a while. */
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Logger } from '#platform/logger.ts';
import { whole } from '#platform/settings.ts';
import { parseOrFail } from '#platform/validation.ts';
import { logLevels, type LogLevels } from '#runtime/observability/log-levels.ts';
import type { Route } from '../routes.ts';

const path = '/log-level';

/** Fields of the query: nothing else of this port has a body. */
const changeIn = (modules: readonly string[]) =>
  z.strictObject({
    level: z.enum(logLevels),
    module: z.enum(modules).optional(),
    seconds: whole(1, 24 * 60 * 60).default(10 * 60),
  });

export function logLevelRoutes(levels: LogLevels, logger: Logger): Route[] {
  const route = (method: 'GET' | 'PUT', answer: RequestHandler): Route => ({
    method,
    url: path,
    access: 'anyone',
    operational: true,
    answer,
  });
  return [
    route('GET', (_request, response) => void response.json({ level: levels.usual, changes: levels.changes })),
    route('PUT', (request, response) => {
      const { level, module, seconds } = parseOrFail(changeIn(levels.modules), { ...request.query });
      const { until } = levels.change(level, seconds * 1_000, module);
      logger.warn('The level of the log was changed.', { level, of: module ?? 'all', until });
      response.json({ level, module: module ?? null, until });
    }),
  ];
}
