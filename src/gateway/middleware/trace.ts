/** Ends the span of a request when that is over. Not among the steps while tracing is off. */
import type { RequestHandler } from 'express';
import { spanOf } from '#runtime/observability/spans.ts';
import { loggedStatus } from './access-log.ts';

export const requestSpan: RequestHandler = (request, response, next) => {
  const span = spanOf(request.context.trace);
  if (span) {
    response.once('close', () => {
      const { method, context } = request;
      const { route, problem } = context;
      const status = loggedStatus(response);
      // A span that does not end is not told: nobody looks for probes.
      if (route?.operational && status < 400) return;
      if (route) {
        span.rename(`${method} ${route.url}`);
        span.set({ 'http.route': route.url });
      }
      span.set({ 'http.response.status_code': status });
      if (status >= 500) span.fail({ code: problem ?? String(status) });
      span.end();
    });
  }
  next();
};
