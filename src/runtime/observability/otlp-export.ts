// ADR 0070
/** Sends to a collector by OTLP over HTTP, as OpenTelemetry's exporters do: with their retries, and their standard variables. */
import type { IOtlpExportDelegate } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';

export interface OtlpExport<T> {
  /** The collector's address, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: 'traces' | 'logs';
  /** Milliseconds for one request with all that it is tried again; as the standard says unless it is given. */
  readonly timeout?: number;
  /** A request in protobuf. */
  serialize(batch: T): Uint8Array | undefined;
  count(batch: T): number;
}

export function otlpExport<T>({
  endpoint,
  headers,
  signal,
  timeout,
  serialize,
  count,
}: OtlpExport<T>): IOtlpExportDelegate<T> {
  const path = `v1/${signal}`;
  const options = {
    url: `${endpoint.replace(/\/$/, '')}/${path}`,
    headers: { ...headers },
    ...(timeout !== undefined && { timeoutMillis: timeout }),
  };
  return createOtlpHttpExportDelegate(
    convertLegacyHttpOptions(options, signal.toUpperCase(), path, { 'Content-Type': 'application/x-protobuf' }),
    { serializeRequest: serialize, deserializeResponse: () => ({}) },
    `otlp_http_${signal}_exporter`,
    { name: signal === 'traces' ? 'span' : 'log', countItems: count },
    undefined,
  );
}
