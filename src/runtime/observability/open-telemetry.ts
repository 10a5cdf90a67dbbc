// ADR 0070
/** Spans by OpenTelemetry's SDK, sent over OTLP. Loaded only where somebody collects them: that takes a third of a second. */
import {
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as traceApi,
  TraceFlags,
  type Context,
  type Span as SdkSpan,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Trace } from '#platform/context.ts';
import { Failure } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { errorTypeOf } from './error-type.ts';
import type { Metrics } from './metrics.ts';
import { redactText } from './redaction.ts';
import { type BatchLimits, SpanQueue } from './span-queue.ts';
import type { Attributes, Span, SpanStart, Tracing } from './spans.ts';
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
  readonly #ids = new GivenIds();
  readonly #sampler: Sampler;
  readonly #tracer: Tracer;

  constructor({ endpoint, headers, resource, sampler, ratio, batches, logger, metrics }: TracingOptions) {
    const exporter = new OTLPTraceExporter({
      url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
      headers: { ...headers },
      timeoutMillis: batches.exportTimeout,
    });
    this.#queue = new SpanQueue(exporter, batches, logger);
    metrics.watchSpans(this.#queue);
    this.#sampler = samplerOf(sampler, ratio);
    const provider = new TracerProvider({
      resource: resourceFromAttributes(resource),
      sampler: this.#sampler,
      idGenerator: this.#ids,
      spanProcessors: [this.#queue],
    });
    this.#tracer = provider.getTracer('fissile');
  }

  enter(start: SpanStart, sender: Trace | undefined): Trace {
    return this.#begin(start, sender, undefined);
  }

  #begin(start: SpanStart, sender: Trace | undefined, spanId: string | undefined): Trace {
    const place = continued(sender);
    const below = sender ? contextOf(sender) : ROOT_CONTEXT;
    // Asked first, since what is not recorded needs no span: the SDK would make one that does nothing.
    const { decision } = this.#sampler.shouldSample(below, place.traceId, start.name, SpanKind.INTERNAL, {}, []);
    if (decision !== SamplingDecision.RECORD_AND_SAMPLED) return { ...place, sampled: false };
    this.#ids.trace = place.traceId;
    this.#ids.span = spanId;
    return new RecordedSpan(this.#tracer, startedSpan(this.#tracer, start, below), sender);
  }

  tell(
    start: SpanStart & { readonly startedAt: number },
    at: Trace,
    parent: string | undefined,
    error?: unknown,
  ): void {
    if (!at.sampled) return;
    const span = this.#begin(start, parent === undefined ? at : { ...at, spanId: parent }, at.spanId);
    if (!(span instanceof RecordedSpan)) return;
    if (error !== undefined) span.fail(error);
    span.end();
  }

  /** Sends what is left, for so many milliseconds at most; what cannot be sent is lost, and counted. */
  close(patience: number): Promise<void> {
    return this.#queue.close(patience);
  }
}

/** Random ids, except where a trace or a span has been given one in advance. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  trace: string | undefined;
  span: string | undefined;

  generateTraceId(): string {
    return this.trace ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    const id = this.span ?? this.#random.generateSpanId();
    this.span = undefined;
    return id;
  }
}

/** Errors whose stack is told already, by a span further in. */
const told = new WeakSet<object>();

class RecordedSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled = true;
  readonly state: string | undefined;
  readonly baggage: string | undefined;
  readonly #tracer: Tracer;
  readonly #span: SdkSpan;
  #context: Context | undefined;

  constructor(tracer: Tracer, span: SdkSpan, sender: Trace | undefined) {
    const { traceId, spanId } = span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
    this.state = sender?.state;
    this.baggage = sender?.baggage;
    this.#tracer = tracer;
    this.#span = span;
  }

  child(start: SpanStart): Span {
    this.#context ??= traceApi.setSpan(ROOT_CONTEXT, this.#span);
    return new RecordedSpan(this.#tracer, startedSpan(this.#tracer, start, this.#context), this);
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(error: unknown): void {
    this.#span.setAttribute('error.type', errorTypeOf(error));
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
    if (!(error instanceof Error) || error instanceof Failure || told.has(error)) return;
    told.add(error);
    this.#span.addEvent('exception', {
      'exception.type': error.name,
      'exception.message': redactText(error.message),
      'exception.stacktrace': redactText(error.stack ?? ''),
    });
  }

  end(): void {
    this.#span.end();
  }
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
};

const startedSpan = (
  tracer: Tracer,
  { name, kind = 'internal', attributes, links, startedAt }: SpanStart,
  below: Context,
): SdkSpan =>
  tracer.startSpan(
    name,
    {
      kind: kinds[kind],
      ...(attributes && { attributes: { ...attributes } }),
      ...(links && { links: links.map((trace) => ({ context: spanContextOf(trace) })) }),
      ...(startedAt !== undefined && { startTime: startedAt }),
    },
    below,
  );

const contextOf = (sender: Trace): Context => traceApi.setSpanContext(ROOT_CONTEXT, spanContextOf(sender));

const spanContextOf = ({ traceId, spanId, sampled, state }: Trace): SpanContext => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
  ...(state !== undefined && { traceState: createTraceState(state) }),
});

function samplerOf(name: TracingOptions['sampler'], ratio: number): Sampler {
  const root = name.endsWith('on')
    ? new AlwaysOnSampler()
    : name.endsWith('off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio);
  return name.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root;
}
