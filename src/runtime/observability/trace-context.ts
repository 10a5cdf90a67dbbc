/** How a trace and the id of a request travel between programs: as W3C Trace Context and Baggage have it. */
import { newSpanId, newTrace, type Trace } from '#platform/context.ts';

const acceptableId = /^[\w.:+/=@-]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may append fields. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/;
/** `tracestate` and `baggage` are handed on as they came, so nothing may be in them that is no header's text. */
const headerText = /^[\x20-\x7e]+$/;
const longest = { state: 512, baggage: 8_192 };

/** The id that a sender gave, if it is one that may stand in logs and headers. */
export const acceptedRequestId = (given: unknown): string | undefined =>
  typeof given === 'string' && acceptableId.test(given) ? given : undefined;

/** The names under which a trace travels, as fields of HTTP and of everything that has headers like it. */
export interface TraceFields {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
  readonly baggage?: string | undefined;
}

type SentFields = { readonly [Name in keyof TraceFields]?: unknown };

/** The place in a trace that a sender named, if it named one. */
export function traceOf(fields: object): Trace | undefined {
  const { traceparent: given, tracestate, baggage } = fields as SentFields;
  const [, traceId, spanId, flags] = (typeof given === 'string' && traceparent.exec(given)) || [];
  if (!traceId || !spanId) return undefined;
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags!, 16) & 1) === 1,
    state: handedOn(tracestate, longest.state),
    baggage: handedOn(baggage, longest.baggage),
  };
}

const handedOn = (given: unknown, most: number): string | undefined =>
  typeof given === 'string' && given.length <= most && headerText.test(given) ? given : undefined;

/** A new place in the trace of a sender; in a new trace where there was none. */
export const continued = (sender: Trace | undefined): Trace =>
  sender ? { ...sender, spanId: newSpanId() } : newTrace();

export const traceparentOf = ({ traceId, spanId, sampled }: Trace): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;

/** Tells the next one where in the trace it was asked. */
export function traceFields(trace: Trace): TraceFields {
  const fields: { -readonly [Name in keyof TraceFields]: TraceFields[Name] } = { traceparent: traceparentOf(trace) };
  if (trace.state !== undefined) fields.tracestate = trace.state;
  if (trace.baggage !== undefined) fields.baggage = trace.baggage;
  return fields;
}
