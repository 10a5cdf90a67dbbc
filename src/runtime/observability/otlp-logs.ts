// ADR 0070
/** Sends the log over OTLP as well. Loaded only where that is wanted. What a collector does not take is on the standard output. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  type Logger,
  ROOT_CONTEXT,
  SeverityNumber,
  trace as traceApi,
  TraceFlags,
} from '@opentelemetry/api';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { within } from '../within.ts';
import { type LogEntry, safeEntry } from './log-lines.ts';
import { otlpExport } from './otlp-export.ts';

export interface OtlpLogsOptions {
  /** The collector's address for OTLP over HTTP, without `/v1/logs`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource: Readonly<Record<string, string>>;
}

const severities: Readonly<Record<string, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

export class OtlpLogs {
  readonly #provider: LoggerProvider;
  readonly #logger: Logger;

  constructor({ endpoint, headers, resource }: OtlpLogsOptions) {
    // As exporter-logs-otlp-proto does, whose releases lag behind the SDK's and would bring a second one.
    const exporter = new OTLPExporterBase<ReadableLogRecord[]>(
      otlpExport({
        endpoint,
        headers,
        signal: 'logs',
        serialize: ProtobufLogsSerializer.serializeRequest,
        count: ({ length }) => length,
      }),
    );
    this.#provider = new LoggerProvider({
      resource: resourceFromAttributes(resource),
      processors: [new BatchLogRecordProcessor({ exporter })],
    });
    this.#logger = this.#provider.getLogger('fissile');
  }

  /** Sending belongs to no request, and must not be told as part of one. */
  readonly #detached = AsyncLocalStorage.snapshot();

  readonly add = (entry: LogEntry): void => {
    const { time, level, message, trace_id, span_id, ...fields } = safeEntry(entry);
    const record = {
      timestamp: entry.time,
      severityNumber: severities[entry.level] ?? SeverityNumber.UNSPECIFIED,
      severityText: entry.level,
      body: String(message),
      attributes: attributesOf(fields),
      context: contextOf(trace_id, span_id, entry.context?.trace.sampled ?? false),
    };
    this.#detached(() => this.#logger.emit(record));
  };

  /** Sends what is left, for so many milliseconds at most. */
  async close(patience: number): Promise<void> {
    await within(patience, this.#provider.shutdown(), () => {}).catch(() => {});
  }
}

function contextOf(traceId: unknown, spanId: unknown, sampled: boolean): Context {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return ROOT_CONTEXT;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return traceApi.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
}

/** Errors by the conventions for exceptions; what has parts else is JSON. */
function attributesOf(fields: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    if (name === 'error' && typeof value === 'object') {
      const { name: type, message, stack } = value as Record<string, unknown>;
      if (typeof type === 'string') attributes['exception.type'] = type;
      if (typeof message === 'string') attributes['exception.message'] = message;
      if (typeof stack === 'string') attributes['exception.stacktrace'] = stack;
    } else if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      attributes[name] = value;
    } else {
      attributes[name] = JSON.stringify(value);
    }
  }
  return attributes;
}
