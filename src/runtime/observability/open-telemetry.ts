// ADR 0070
/** Records spans and sends them over OTLP. Loaded only where somebody collects them. */
import type { Trace } from '#platform/context.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from './metrics.ts';
import { otlpExport } from './otlp-export.ts';
import { type SpanBatch, SpanEncoder } from './otlp-spans.ts';
import { RecordedSpan } from './recorded-span.ts';
import { type Sampler, samplerOf } from './sampling.ts';
import { type BatchLimits, SpanQueue } from './span-queue.ts';
import type { SpanStart, Tracing } from './spans.ts';
import { continued } from './trace-context.ts';

export interface TracingOptions {
  /** The collector's address for OTLP over HTTP, without `/v1/traces`. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Attributes that tell which process of which program this is. */
  readonly resource: Readonly<Record<string, string>>;
  /** As OTEL_TRACES_SAMPLER names it. */
  readonly sampler: string;
  /** The share of the traces that begin here, 0 to 1, for samplers by ratio. */
  readonly ratio: number;
  readonly batches: BatchLimits;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'watchSpans'>;
}

export class OpenTelemetry implements Tracing {
  readonly #queue: SpanQueue;
  readonly #isKept: Sampler;

  constructor({ endpoint, headers, resource, sampler, ratio, batches, logger, metrics }: TracingOptions) {
    const exporter = otlpExport({
      endpoint,
      headers,
      signal: 'traces',
      timeout: batches.exportTimeout,
      serialize: ({ bytes }: SpanBatch) => bytes,
      count: ({ count }) => count,
    });
    this.#queue = new SpanQueue(new SpanEncoder(resource, 'fissile'), exporter, batches, logger);
    metrics.watchSpans(this.#queue);
    this.#isKept = samplerOf(sampler, ratio);
  }

  enter(start: SpanStart, sender: Trace | undefined): Trace {
    const place = continued(sender);
    if (this.#isKept(place.traceId, sender)) return this.#record(start, place, sender?.spanId);
    // Nothing is made for what is not recorded, which is most of what there is.
    return place.sampled ? { ...place, sampled: false } : place;
  }

  tell(
    start: SpanStart & { readonly startedAt: number },
    at: Trace,
    parent: string | undefined,
    error?: unknown,
  ): void {
    if (!at.sampled || !this.#isKept(at.traceId, at)) return;
    // A release before this one reserved none.
    const span = this.#record(start, parent === undefined ? continued(at) : at, parent ?? at.spanId);
    if (error !== undefined) span.fail(error);
    span.end();
  }

  #record(start: SpanStart, { traceId, spanId, state, baggage }: Trace, parent: string | undefined): RecordedSpan {
    const isBelowRemote = parent !== undefined;
    return new RecordedSpan(this.#queue, start, { traceId, spanId, parent, isBelowRemote, state, baggage });
  }

  /** Sends what is left, for so many milliseconds at most; what cannot be sent is lost, and counted. */
  close(patience: number): Promise<void> {
    return this.#queue.close(patience);
  }
}
