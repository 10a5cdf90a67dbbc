import type { RequestHandler } from 'express';
import { Deadline } from '#platform/deadline.ts';
import { platformErrors } from '#platform/errors.ts';

/**
 * Answers 503 when the time of a request is up. An answer that was written by then and is not read holds memory for as
 * long as its client likes, and so do those behind it: the connection is closed.
 */
export const timeLimit =
  (milliseconds: number): RequestHandler =>
  ({ context, socket }, response, next) => {
    let timer: NodeJS.Timeout | undefined;
    const late = () => {
      if (response.writableEnded) socket.destroy();
      else next(platformErrors.deadlineExceeded());
    };
    context.allow = (longer) => {
      clearTimeout(timer);
      timer = setTimeout(late, longer);
      context.deadline = new Deadline(longer);
    };
    context.allow(milliseconds);
    response.once('close', () => clearTimeout(timer));
    next();
  };

/** Gives a request the time of its route, where that has its own. */
export const routeTime: RequestHandler = ({ context }, _response, next) => {
  if (context.route?.timeout !== undefined) context.allow(context.route.timeout);
  next();
};
