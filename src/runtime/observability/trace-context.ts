/** How a trace and the id of a request travel between programs, over HTTP and gRPC alike. */
import { newSpanId, newTrace, type Trace } from '#platform/context.ts';

const acceptableId = /^[\w.:+/=@-]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may append fields. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** The id that a sender gave, if it is one that may stand in logs and headers. */
export const acceptedRequestId = (given: unknown): string | undefined =>
  typeof given === 'string' && acceptableId.test(given) ? given : undefined;

/** The trace and the span that a traceparent names; a new trace where it names none. */
export function traceOf(given: unknown): Trace {
  const [, traceId, spanId] = (typeof given === 'string' && traceparent.exec(given)) || [];
  return traceId && spanId ? { traceId, spanId } : newTrace();
}

/** A new span in the trace that the sender named. */
export const continuedTrace = (given: unknown): Trace => ({ ...traceOf(given), spanId: newSpanId() });

export const traceparentOf = ({ traceId, spanId }: Trace): string => `00-${traceId}-${spanId}-01`;
