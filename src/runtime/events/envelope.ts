/** An event on its way: what the outbox stores and every transport carries. All of it is plain JSON. */
import type { Headers } from '../background/headers.ts';

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
