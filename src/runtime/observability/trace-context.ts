/** How a trace and the id of a request travel between programs, over HTTP and gRPC alike. */
import { newSpanId, newTrace, type Trace } from '#platform/context.ts';

const acceptableId = /^[\w.:+/=@-]{1,128}$/;
/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may append fields. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;

/** The id that a sender gave, if it is one that may stand in logs and headers. */
export const acceptedRequestId = (given: unknown): string | undefined =>
  typeof given === 'string' && acceptableId.test(given) ? given : undefined;

/** A new span in the trace that the sender named; a new trace without. */
export function continuedTrace(given: unknown): Trace {
  const traceId = typeof given === 'string' ? traceparent.exec(given)?.[1] : undefined;
  return traceId === undefined ? newTrace() : { traceId, spanId: newSpanId() };
}

export const traceparentOf = ({ traceId, spanId }: Trace): string => `00-${traceId}-${spanId}-01`;
