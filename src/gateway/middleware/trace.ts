// ADR 0070
/** The span of a request, which begins with its context and is told when the request is over. */
import type { Request, Response } from 'express';
import type { Span, SpanStart } from '#runtime/observability/spans.ts';
import { loggedStatus } from './access-log.ts';

/** By method, which are few: most requests are not recorded and need none of their own. */
const starts = { http: new Map<string, SpanStart>(), https: new Map<string, SpanStart>() };

/** Its name gets the route once that is known. The path stays out: it can have anything in it. */
export function requestSpan({ method, secure }: Request): SpanStart {
  const scheme = secure ? 'https' : 'http';
  let start = starts[scheme].get(method);
  if (!start) {
    start = { name: method, kind: 'server', attributes: { 'http.request.method': method, 'url.scheme': scheme } };
    starts[scheme].set(method, start);
  }
  return start;
}

export function endWithRequest(span: Span, request: Request, response: Response): void {
  response.once('close', () => {
    const { method, context } = request;
    const { route, problem } = context;
    const status = loggedStatus(response);
    // A span that does not end is not told: nobody looks for probes.
    if (route?.operational && status < 400) return;
    if (route) span.rename(`${method} ${route.url}`);
    span.set({ ...(route && { 'http.route': route.url }), 'http.response.status_code': status });
    if (status >= 500) span.fail({ code: problem ?? String(status) });
    span.end();
  });
}
