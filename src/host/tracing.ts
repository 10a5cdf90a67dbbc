// ADR 0070
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Tracing } from '#runtime/observability/spans.ts';
import type { Configuration } from './configuration.ts';
import type { Opened } from './opened.ts';
import { processAttributes } from './process-attributes.ts';

interface Options {
  readonly configuration: Configuration;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Milliseconds at the end, in which what was recorded last is sent. */
const patience = 2_000;

/** Undefined without a collector; then nothing of OpenTelemetry is loaded. */
export async function tracingOf(
  { configuration, logger, metrics }: Options,
  opened: Opened,
): Promise<Tracing | undefined> {
  const { tracing } = configuration;
  if (tracing === undefined) return undefined;
  const { OpenTelemetry } = await import('#runtime/observability/open-telemetry.ts');
  const resource = await processAttributes(configuration);
  const telemetry = new OpenTelemetry({ ...tracing, resource, logger, metrics });
  opened.add('what is left of the traces', () => telemetry.close(patience));
  return telemetry;
}
