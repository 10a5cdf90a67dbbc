import type { RequestHandler } from 'express';
import { CallContext, runInContext } from '#platform/context.ts';

/** Runs what follows in the context that operations read: who asks, until when, and in which trace. */
export const callContext: RequestHandler = ({ context }, _response, next) => {
  const { deadline, id, trace, origin, principal, token } = context;
  runInContext(
    new CallContext({
      deadline,
      requestId: id,
      trace,
      origin,
      principal,
      token: principal && token,
      signal: () => context.signal,
    }),
    next,
  );
};
