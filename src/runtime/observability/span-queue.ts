// ADR 0070
import { AsyncLocalStorage } from 'node:async_hooks';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { Logger } from '#platform/logger.ts';
import { within } from '../within.ts';
import type { EndedSpan, SpanBatch, SpanEncoder } from './otlp-spans.ts';

/** Times in milliseconds. */
export interface BatchLimits {
  readonly delay: number;
  readonly exportTimeout: number;
  readonly queue: number;
  readonly batch: number;
}

export interface SpanExporter {
  export(batch: SpanBatch, answer: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
}

/**
 * Holds spans until they are sent, one batch at a time, and no more than `queue` of them, those being sent included: a collector
 * that is away or slow loses spans, and takes nothing else from the program. What is lost is counted, and said once.
 */
export class SpanQueue {
  /** Spans that found no room, and spans that the collector did not take, since the start. */
  readonly lost = { queueFull: 0, notTaken: 0 };
  readonly #encoder: SpanEncoder;
  readonly #exporter: SpanExporter;
  readonly #limits: BatchLimits;
  readonly #logger: Logger;
  /** Sending belongs to no request, and must not be told as part of one. */
  readonly #detached = AsyncLocalStorage.snapshot();
  readonly #full: SpanBatch[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  #held = 0;
  #away = false;

  constructor(encoder: SpanEncoder, exporter: SpanExporter, limits: BatchLimits, logger: Logger) {
    this.#encoder = encoder;
    this.#exporter = exporter;
    this.#limits = limits;
    this.#logger = logger;
  }

  add(span: EndedSpan): void {
    if (this.#held >= this.#limits.queue) {
      this.lost.queueFull++;
      return;
    }
    this.#held++;
    this.#encoder.add(span);
    if (this.#encoder.count >= this.#limits.batch) this.#send();
    else this.#timer ??= this.#detached(() => setTimeout(() => this.#send(), this.#limits.delay).unref());
  }

  async close(patience: number): Promise<void> {
    this.#send();
    const sent = Promise.resolve(this.#sending).then(() => this.#exporter.shutdown());
    await within(patience, sent, () => {}).catch(() => {});
    this.lost.notTaken += this.#held;
    this.#held = 0;
  }

  /** Sends what there is, after what is being sent. */
  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#encoder.count > 0) this.#full.push(this.#encoder.take());
    this.#sending ??= this.#detached(() => this.#sendAll());
  }

  async #sendAll(): Promise<void> {
    for (let batch = this.#full.shift(); batch; batch = this.#full.shift()) {
      const result = await new Promise<ExportResult>((answer) => this.#exporter.export(batch, answer));
      this.#sent(batch.count, result);
    }
    this.#sending = undefined;
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
