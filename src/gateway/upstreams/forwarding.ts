import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Forwarder } from './forwarder.ts';
import type { Upstream } from './upstream.ts';

export interface Forwarding {
  readonly upstream: Upstream;
  readonly forwarder: Promise<Forwarder>;
}

/** A process that runs every module does not spend a tenth of a second on reading what forwards. */
export const forwardingTo = (upstream: Upstream, logger: Logger, metrics: Metrics): Forwarding => ({
  upstream,
  forwarder: forwarderOf(upstream, logger, metrics),
});

async function forwarderOf(upstream: Upstream, logger: Logger, metrics: Metrics): Promise<Forwarder> {
  const { Forwarder } = await import('./forwarder.ts');
  const forwarder = new Forwarder(upstream, logger, metrics);
  metrics.watchRemoteModule(upstream.name, 'http', () => forwarder);
  return forwarder;
}
