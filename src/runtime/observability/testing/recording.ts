/** Tracing for tests: keeps the spans that ended, and sends them nowhere. */
import type { EndedSpan } from '../otlp-spans.ts';
import { RecordedSpan } from '../recorded-span.ts';
import type { Span, SpanStart, Tracing } from '../spans.ts';
import { continued } from '../trace-context.ts';
import type { Trace } from '#platform/context.ts';

export class Recording implements Tracing {
  readonly spans: EndedSpan[] = [];

  enter(start: SpanStart, sender: Trace | undefined): Span {
    return this.#record(start, continued(sender), sender?.spanId);
  }

  tell(start: SpanStart & { readonly startedAt: number }, at: Trace, parent: string | undefined): void {
    this.#record(start, at, parent).end();
  }

  /** The spans of this name. */
  named(name: string): readonly EndedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  #record(start: SpanStart, { traceId, spanId, state, baggage }: Trace, parent: string | undefined): RecordedSpan {
    const sink = { add: (span: EndedSpan) => void this.spans.push(span) };
    return new RecordedSpan(sink, start, { traceId, spanId, parent, isBelowRemote: false, state, baggage });
  }
}
