/**
 * Counters that a module declares in its table of contents, such as orders placed or money taken: each counts one of the
 * events that the module announces, once its transaction has committed.
 */
import type { EventDefinition, PayloadOf } from './contract.ts';

export interface EventCount<E extends EventDefinition = EventDefinition> {
  readonly event: E;
  /** For the reader of the metric. */
  readonly help: string;
  /** How much one event adds; 1 without. */
  readonly by?: (payload: PayloadOf<E>) => number;
  /** Few values each: past a hundred combinations the others are counted as `_OTHER`. */
  readonly labels?: (payload: PayloadOf<E>) => Readonly<Record<string, string>>;
}

/** `orders_cancelled_total: count(orderCancelled, { help: '...', labels: ({ reason }) => ({ reason: reason.code }) })` */
export const count = <E extends EventDefinition>(event: E, options: Omit<EventCount<E>, 'event'>): EventCount =>
  ({ event, ...options }) as unknown as EventCount;
