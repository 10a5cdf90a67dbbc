/** Writes one line for every request when it is over. */
import type { Response, RequestHandler } from 'express';
import type { Logger } from '#platform/logger.ts';
import { marksOf, routeName } from '#runtime/http/request-context.ts';

/** The client left before it had its answer. nginx made this status known; it is only ever in the log. */
const clientGone = 499;
const maxLoggedPath = 200;

export const accessLog =
  (logger: Logger): RequestHandler =>
  (request, response, next) => {
    response.once('close', () => {
      const { context, method } = request;
      const { route, principal, problem, bytes, origin, startedAt } = context;
      const status = loggedStatus(response);
      if (route?.operational && status < 400) return;
      const milliseconds = Math.round((performance.now() - startedAt) * 100) / 100;
      const fields: Record<string, unknown> = { status, milliseconds, bytes };
      if (problem !== undefined) fields.code = problem;
      if (route === undefined) fields.path = request.path.slice(0, maxLoggedPath);
      if (principal !== undefined) fields.principal = principal.userId;
      Object.assign(fields, marksOf(context), origin);
      logger.info(`${method} ${routeName(context)} ${status}`, fields);
    });
    next();
  };

/** The status that the client has, or 499 where it left. */
export const loggedStatus = (response: Response): number =>
  response.writableFinished ? response.statusCode : clientGone;
