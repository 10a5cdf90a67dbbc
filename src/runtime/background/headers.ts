/** The request that caused an event or a saga, as it is stored with it: what goes on later belongs to the same trace. */
import {
  backgroundContext,
  type CallContext,
  newSpanId,
  newTrace,
  runInContext,
  type Trace,
} from '#platform/context.ts';
import {
  acceptedRequestId,
  type TraceFields,
  traceFields,
  traceOf,
  traceparentOf,
} from '../observability/trace-context.ts';

/** A W3C Trace Context and a request id. */
export interface Headers extends TraceFields {
  readonly requestId: string;
  /** The span below which the whole of it is told, where `traceparent` names its own. */
  readonly parent?: string | undefined;
}

export const headersOf = (context: CallContext | undefined, otherwise: string): Headers => ({
  ...traceFields(context?.trace ?? newTrace()),
  requestId: context?.requestId ?? otherwise,
});

/** Reserves a place of its own for what goes on for a while, and is told when it ends. */
export function reserved(headers: Headers): Headers {
  const place = traceOf(headers);
  if (!place?.sampled) return headers;
  return { ...headers, traceparent: traceparentOf({ ...place, spanId: newSpanId() }), parent: place.spanId };
}

/** The place in a trace that they name; a new trace where they name none. */
export const placeOf = (headers: Headers): Trace => traceOf(headers) ?? newTrace();

/** The context of work that an event or a saga goes on with, at `trace`. `timeout` is in milliseconds. */
export const contextOf = ({ requestId }: Headers, timeout: number, trace: Trace): CallContext =>
  backgroundContext(requestId, Math.floor(timeout), trace);

/** Tells the operator of an event, or of a message that holds none: the line belongs to the trace that its headers name. */
export function inTraceOf(headers: { readonly requestId?: unknown }, tell: () => void): void {
  const trace = traceOf(headers);
  if (!trace) return tell();
  runInContext(backgroundContext(acceptedRequestId(headers.requestId) ?? 'event', 0, trace), tell);
}
