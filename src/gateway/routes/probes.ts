import type { RequestHandler } from 'express';
import type { Metrics } from '#runtime/observability/metrics.ts';
import { type Format, openMetrics, plain } from '#runtime/observability/registry.ts';
import type { Health } from '../health.ts';
import type { Route } from '../routes.ts';

/** Routes for probes and scrapes. They are open: what they tell is no secret, and the network can keep others out. */
export function probes(health: Health, metrics: Metrics): Record<'live' | 'ready' | 'metrics', Route> {
  const route = (url: string, answer: RequestHandler): Route => ({
    method: 'GET',
    url,
    access: 'anyone',
    operational: true,
    answer,
  });
  return {
    live: route('/livez', health.live),
    ready: route('/readyz', health.ready),
    metrics: route('/metrics', async (request, response) => {
      const format = (request.accepts([plain, openMetrics]) || plain) as Format;
      const text = await metrics.text(format);
      response.set({ 'Cache-Control': 'no-store', 'Content-Type': format, Vary: 'Accept' }).send(Buffer.from(text));
    }),
  };
}
