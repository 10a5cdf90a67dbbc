import type { RequestHandler } from 'express';
import type { RouteInfo } from '#runtime/http/request-context.ts';
import type { OutcomeMeter } from '#runtime/observability/meters.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import { spanOf } from '#runtime/observability/spans.ts';
import { loggedStatus } from './access-log.ts';

/** Counts requests by route and status, and how long they take. */
export function measure(metrics: Metrics, behindGateway: boolean): RequestHandler {
  const ingress = behindGateway ? 'gateway' : 'public';
  const unmatched = metrics.requests({ method: '_OTHER', url: 'unmatched' }, ingress);
  const meters = new Map<RouteInfo, OutcomeMeter<number>>();
  const meterOf = (route: RouteInfo) => {
    const meter = meters.get(route) ?? metrics.requests(route, ingress);
    meters.set(route, meter);
    return meter;
  };
  return ({ context }, response, next) => {
    metrics.requestsInFlight += 1;
    response.once('close', () => {
      metrics.requestsInFlight -= 1;
      const meter = context.route ? meterOf(context.route) : unmatched;
      meter.finished(loggedStatus(response), performance.now() - context.startedAt, spanOf(context.trace));
    });
    next();
  };
}
