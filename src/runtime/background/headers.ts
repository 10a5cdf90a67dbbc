/** The request that caused an event or a saga, as it is stored with it: what goes on later belongs to the same trace. */
import { backgroundContext, type CallContext, newTrace } from '#platform/context.ts';
import { traceOf, traceparentOf } from '../observability/trace-context.ts';

/** A W3C Trace Context and a request id. */
export interface Headers {
  readonly traceparent: string;
  readonly requestId: string;
}

export const headersOf = (context: CallContext | undefined, otherwise: string): Headers => ({
  traceparent: traceparentOf(context?.trace ?? newTrace()),
  requestId: context?.requestId ?? otherwise,
});

/** The context of work that an event or a saga goes on with. `timeout` is in milliseconds. */
export const contextOf = ({ traceparent, requestId }: Headers, timeout: number): CallContext =>
  backgroundContext(requestId, Math.floor(timeout), traceOf(traceparent));
