// ADR 0070
import { AsyncLocalStorage } from 'node:async_hooks';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter, type SpanProcessor } from '@opentelemetry/sdk-trace';
import type { Logger } from '#platform/logger.ts';
import { within } from '../within.ts';

/** Times in milliseconds. */
export interface BatchLimits {
  readonly delay: number;
  readonly exportTimeout: number;
  readonly queue: number;
  readonly batch: number;
}

/**
 * Holds spans until they are sent, and no more than `queue` of them, those being sent included: a collector that is away or slow
 * loses spans, and takes nothing else from the program. What is lost is counted, and said once.
 */
export class SpanQueue implements SpanProcessor {
  /** Spans that found no room, and spans that the collector did not take, since the start. */
  readonly lost = { queueFull: 0, notTaken: 0 };
  readonly #limits: BatchLimits;
  readonly #logger: Logger;
  readonly #batches: BatchSpanProcessor;
  /** Sending belongs to no request, and must not be told as part of one. */
  readonly #detached = AsyncLocalStorage.snapshot();
  #held = 0;
  #away = false;

  constructor(exporter: SpanExporter, limits: BatchLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) =>
          this.#detached(() =>
            exporter.export(spans, (result) => {
              this.#sent(spans.length, result);
              done(result);
            }),
          ),
        shutdown: () => exporter.shutdown(),
      },
      scheduledDelayMillis: limits.delay,
      exportTimeoutMillis: limits.exportTimeout,
      maxQueueSize: limits.queue,
      maxExportBatchSize: limits.batch,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#held >= this.#limits.queue) {
      this.lost.queueFull++;
      return;
    }
    this.#held++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.close(this.#limits.exportTimeout);
  }

  async close(patience: number): Promise<void> {
    await within(patience, this.#batches.shutdown(), () => {}).catch(() => {});
    this.lost.notTaken += this.#held;
    this.#held = 0;
  }

  #sent(count: number, { code, error }: ExportResult): void {
    this.#held = Math.max(0, this.#held - count);
    const failed = code !== ExportResultCode.SUCCESS;
    if (failed) this.lost.notTaken += count;
    if (failed === this.#away) return;
    this.#away = failed;
    if (failed)
      this.#logger.warn('The collector of OTEL_EXPORTER_OTLP_ENDPOINT takes no spans; they are lost.', { error });
    else this.#logger.info('The collector takes spans again.');
  }
}
