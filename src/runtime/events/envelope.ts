/** An event on its way: what the outbox stores and every transport carries. All of it is plain JSON. */
import { backgroundContext, type CallContext, newTrace, type Trace } from '#platform/context.ts';

export interface Envelope {
  /** UUID v7; the same however often the event is delivered. */
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly payload: unknown;
  readonly headers: Headers;
  /** ISO 8601. */
  readonly occurredAt: string;
  /** Rises within one publishing module: of two events with the same key, the lower one happened first. */
  readonly position: number;
}

/** Which request caused it, as W3C Trace Context and a request id. */
export interface Headers {
  readonly traceparent: string;
  readonly requestId: string;
}

export function headersOf(context: CallContext | undefined, otherwise: string): Headers {
  const { traceId, spanId } = context?.trace ?? newTrace();
  return { traceparent: `00-${traceId}-${spanId}-01`, requestId: context?.requestId ?? otherwise };
}

/** The context of work that an event or a saga goes on with: the same request, the same trace. */
export function contextOf(headers: Headers, timeout: number): CallContext {
  return backgroundContext(headers.requestId, Math.floor(timeout), traceOf(headers.traceparent));
}

function traceOf(traceparent: string): Trace {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(traceparent) ?? [];
  return traceId && spanId ? { traceId, spanId } : newTrace();
}
