// ADR 0070
/**
 * Spans: what this process tells about its work to who collects traces. The place in a trace that a context has (`Trace`) is a
 * span where one is recorded, and work goes below it; where none is, because tracing is off or the trace is not sampled,
 * it is a pair of ids, and nothing more is made. Nothing of OpenTelemetry is loaded from here.
 */
import { currentContext, runInContext, type Trace } from '#platform/context.ts';

type Attribute = string | number | boolean;
/** By the names of OpenTelemetry's semantic conventions, and `fissile.` for what they have no name for. */
export type Attributes = Readonly<Record<string, Attribute>>;

export interface SpanStart {
  /** One of few: an operation, a route, never an id. */
  readonly name: string;
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly attributes?: Attributes;
  /** Places in traces that led to this one, and are not its parent. */
  readonly links?: readonly Trace[];
  /** Milliseconds since 1970, where it began before now. */
  readonly startedAt?: number;
}

export interface Span extends Trace {
  child(start: SpanStart): Span;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Marks it as failed. An error that nobody expected is told with its stack, once. */
  fail(error: unknown): void;
  end(): void;
}

/** Makes the spans with which work enters this process. Undefined, wherever it is passed, while tracing is off. */
export interface Tracing {
  /** In the trace of `sender`, or as the beginning of one. A place without a span where it is not sampled. */
  enter(start: SpanStart, sender: Trace | undefined): Trace;
  /** Tells of something that ended now and began elsewhere, maybe in a process that died: at the place that was reserved for it. */
  tell(start: SpanStart & { readonly startedAt: number }, at: Trace, parent: string | undefined, error?: unknown): void;
}

export const spanOf = (trace: Trace | undefined): Span | undefined =>
  trace !== undefined && 'child' in trace ? (trace as Span) : undefined;

export const currentSpan = (): Span | undefined => spanOf(currentContext()?.trace);

/** Does the work in a span below the one under way; without one it only does it. */
export function inSpan<T>(start: SpanStart, work: () => Promise<T>): Promise<T> {
  const context = currentContext();
  const span = spanOf(context?.trace)?.child(start);
  return span ? runInContext(context!.at(span), () => ended(span, work())) : work();
}

/** Ends the span of a trace, if it has one, with the outcome. */
export async function ended<T>(trace: Trace, outcome: Promise<T>): Promise<T> {
  const span = spanOf(trace);
  if (!span) return outcome;
  try {
    return await outcome;
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
