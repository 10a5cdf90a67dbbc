// ADR 0070
/**
 * Spans as OTLP has them (https://github.com/open-telemetry/opentelemetry-proto, trace.proto), written as they end: nothing of a span is
 * held until its batch is sent, and the SDK's own spans and serializer cost five times as much.
 */
import type { Trace } from '#platform/context.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { Attributes, SpanStart } from './spans.ts';

export interface EndedSpan extends Trace {
  readonly start: SpanStart;
  readonly name: string;
  /** The id of the span above; undefined where this one begins the trace. */
  readonly parent: string | undefined;
  /** The span above is another process's. */
  readonly isBelowRemote: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Besides those of its start, and instead of them where names are the same. */
  readonly attributes: Attributes | undefined;
  readonly hasFailed: boolean;
  readonly events: readonly SpanEvent[] | undefined;
}

export interface SpanEvent {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly attributes: Attributes;
}

/** A request to a collector. */
export interface SpanBatch {
  readonly count: number;
  readonly bytes: Buffer;
}

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const failed = 2;
/** It is known whether the span above, or linked, is another process's; and that it is. */
const [sampledFlag, knowsRemote, isRemote] = [1, 0x100, 0x200];

const field = (number: number, wireType: number): number => number * 8 + wireType;
const [integer, fixed64, bytes, fixed32] = [0, 1, 2, 5];

export class SpanEncoder {
  /** Spans since the last batch. */
  count = 0;
  readonly #spans = new ProtobufWriter();
  readonly #head = new ProtobufWriter();
  readonly #resource: Attributes;
  readonly #scope: string;

  /** `resource`: what is told of the process. `scope`: who made the spans. */
  constructor(resource: Attributes, scope: string) {
    this.#resource = resource;
    this.#scope = scope;
  }

  add(span: EndedSpan): void {
    this.count++;
    writeSpan(this.#spans, span);
  }

  take(): SpanBatch {
    const { count } = this;
    this.count = 0;
    const spans = this.#spans.take();
    const head = this.#head;
    const resourceSpans = head.begin(field(1, bytes));
    const resource = head.begin(field(1, bytes));
    for (const name in this.#resource) writeAttribute(head, field(1, bytes), name, this.#resource[name]!);
    head.finish(resource);
    const scopeSpans = head.begin(field(2, bytes));
    const scope = head.begin(field(1, bytes));
    head.text(field(1, bytes), this.#scope);
    head.finish(scope);
    head.raw(spans);
    head.finish(scopeSpans);
    head.finish(resourceSpans);
    return { count, bytes: head.take() };
  }
}

/** Bytes for the length of a span, of which most have between 128 and 16,383. */
const room = 2;

function writeSpan(to: ProtobufWriter, span: EndedSpan): void {
  const { start, attributes } = span;
  const message = to.begin(field(2, bytes), room);
  to.hex(field(1, bytes), span.traceId);
  to.hex(field(2, bytes), span.spanId);
  if (span.state !== undefined) to.text(field(3, bytes), span.state);
  if (span.parent !== undefined) to.hex(field(4, bytes), span.parent);
  to.text(field(5, bytes), span.name);
  to.integer(field(6, integer), kinds[start.kind ?? 'internal']);
  to.moment(field(7, fixed64), span.startedAt);
  to.moment(field(8, fixed64), span.endedAt);
  for (const name in start.attributes)
    if (attributes?.[name] === undefined) writeAttribute(to, field(9, bytes), name, start.attributes[name]!);
  for (const name in attributes) writeAttribute(to, field(9, bytes), name, attributes[name]!);
  if (span.events) for (const event of span.events) writeEvent(to, event);
  if (start.links) for (const link of start.links) writeLink(to, link);
  if (span.hasFailed) {
    const status = to.begin(field(15, bytes));
    to.integer(field(3, integer), failed);
    to.finish(status);
  }
  to.fixed32(field(16, fixed32), sampledFlag | knowsRemote | (span.isBelowRemote ? isRemote : 0));
  to.finish(message, room);
}

function writeEvent(to: ProtobufWriter, { name, at, attributes }: SpanEvent): void {
  const message = to.begin(field(11, bytes));
  to.moment(field(1, fixed64), at);
  to.text(field(2, bytes), name);
  for (const each in attributes) writeAttribute(to, field(3, bytes), each, attributes[each]!);
  to.finish(message);
}

function writeLink(to: ProtobufWriter, { traceId, spanId, sampled, state }: Trace): void {
  const message = to.begin(field(13, bytes));
  to.hex(field(1, bytes), traceId);
  to.hex(field(2, bytes), spanId);
  if (state !== undefined) to.text(field(3, bytes), state);
  to.fixed32(field(6, fixed32), (sampled ? sampledFlag : 0) | knowsRemote | isRemote);
  to.finish(message);
}

function writeAttribute(to: ProtobufWriter, tag: number, name: string, value: string | number | boolean): void {
  const pair = to.begin(tag);
  to.text(field(1, bytes), name);
  const holder = to.begin(field(2, bytes));
  if (typeof value === 'string') to.text(field(1, bytes), value);
  else if (typeof value === 'boolean') to.integer(field(2, integer), value ? 1 : 0);
  else if (Number.isSafeInteger(value) && value >= 0) to.integer(field(3, integer), value);
  else to.double(field(4, fixed64), value);
  to.finish(holder);
  to.finish(pair);
}
