// ADR 0070
import { newSpanId } from '#platform/context.ts';
import { Failure } from '#platform/errors.ts';
import { errorTypeOf } from './error-type.ts';
import type { EndedSpan, SpanEvent } from './otlp-spans.ts';
import { redactText } from './redaction.ts';
import type { Attributes, Span, SpanStart } from './spans.ts';

/** Takes spans that have ended. */
export interface SpanSink {
  add(span: EndedSpan): void;
}

/** Where in a trace a span is. */
interface Place {
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly isBelowRemote: boolean;
  readonly state: string | undefined;
  readonly baggage: string | undefined;
}

/** Errors whose stack is told already, by a span further in. */
const told = new WeakSet<object>();

/** Longest that moments of spans may be off the time of day, in milliseconds. */
const mostDrift = 2;
/** Time since the start of the process is finer than the time of day, and never steps; the time of day is what processes share. */
let origin = performance.timeOrigin;

function timeOfDay(elapsed: number): number {
  const drift = Date.now() - (origin + elapsed);
  if (Math.abs(drift) > mostDrift) origin += drift;
  return origin + elapsed;
}

export class RecordedSpan implements Span, EndedSpan {
  readonly sampled = true;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  readonly isBelowRemote: boolean;
  readonly state: string | undefined;
  readonly baggage: string | undefined;
  readonly start: SpanStart;
  readonly startedAt: number;
  name: string;
  endedAt = 0;
  attributes: Attributes | undefined = undefined;
  hasFailed = false;
  events: SpanEvent[] | undefined = undefined;
  readonly #sink: SpanSink;
  readonly #begun = performance.now();

  constructor(sink: SpanSink, start: SpanStart, { traceId, spanId, parent, isBelowRemote, state, baggage }: Place) {
    this.traceId = traceId;
    this.spanId = spanId;
    this.parent = parent;
    this.isBelowRemote = isBelowRemote;
    this.state = state;
    this.baggage = baggage;
    this.start = start;
    this.name = start.name;
    this.startedAt = start.startedAt ?? timeOfDay(this.#begun);
    this.#sink = sink;
  }

  child(start: SpanStart): Span {
    const { traceId, spanId: parent, state, baggage } = this;
    return new RecordedSpan(this.#sink, start, {
      traceId,
      spanId: newSpanId(),
      parent,
      isBelowRemote: false,
      state,
      baggage,
    });
  }

  rename(name: string): void {
    this.name = name;
  }

  set(attributes: Attributes): void {
    this.attributes = this.attributes ? { ...this.attributes, ...attributes } : attributes;
  }

  fail(error: unknown): void {
    this.set({ 'error.type': errorTypeOf(error) });
    this.hasFailed = true;
    if (!(error instanceof Error) || error instanceof Failure || told.has(error)) return;
    told.add(error);
    (this.events ??= []).push({
      name: 'exception',
      at: timeOfDay(performance.now()),
      attributes: {
        'exception.type': error.name,
        'exception.message': redactText(error.message),
        'exception.stacktrace': redactText(error.stack ?? ''),
      },
    });
  }

  end(): void {
    if (this.endedAt !== 0) return;
    const elapsed = performance.now();
    this.endedAt =
      this.start.startedAt === undefined
        ? this.startedAt + elapsed - this.#begun
        : Math.max(this.startedAt, timeOfDay(elapsed));
    this.#sink.add(this);
  }
}
