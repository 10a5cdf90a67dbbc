// ADR 0070
import type { OtlpLogs } from '#runtime/observability/otlp-logs.ts';
import type { Configuration } from './configuration.ts';
import { processAttributes } from './process-attributes.ts';

/** Undefined where the log stays here. */
export async function logCollector(configuration: Configuration): Promise<OtlpLogs | undefined> {
  const { tracing, sendsLog } = configuration;
  if (tracing === undefined || !sendsLog) return undefined;
  const { OtlpLogs } = await import('#runtime/observability/otlp-logs.ts');
  return new OtlpLogs({ ...tracing, resource: await processAttributes(configuration) });
}
