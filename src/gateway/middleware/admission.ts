import type { RequestHandler } from 'express';
import type { Admission } from '../admission.ts';
import { isExempt } from '../routes.ts';

/** Takes a place for the request, or refuses it when a burst has taken them all (ADR 0047). */
export const admit =
  (admission: Admission): RequestHandler =>
  ({ context }, response, next) => {
    if (!isExempt(context.route, context.principal)) {
      context.leave = admission.enter();
      if (response.closed) context.leave();
      else response.once('close', context.leave);
    }
    next();
  };
