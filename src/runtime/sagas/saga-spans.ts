// ADR 0070
/** The spans of a saga: one for each try of a step, and one for the whole, which may begin in one process and end in another. */
import { placeOf } from '../background/headers.ts';
import type { SpanStart, Tracing } from '../observability/spans.ts';
import type { SagaRecord } from './saga-table.ts';

const attributesOf = ({ name, id }: SagaRecord) => ({ 'fissile.saga': name, 'fissile.saga.id': id });

export const stepSpan = (record: SagaRecord, step: string, direction: 'run' | 'undo'): SpanStart => ({
  name: `${direction} ${record.name} ${step}`,
  attributes: { ...attributesOf(record), 'fissile.saga.step': step, 'fissile.attempt': record.attempts + 1 },
});

export const storeSpan = (record: SagaRecord, what: 'read' | 'save'): SpanStart => ({
  name: `${what} ${record.name}`,
  attributes: attributesOf(record),
});

/** Tells of a saga that has just ended: at the place that its steps went below from the start. */
export function tellSaga(tracing: Tracing, record: SagaRecord): void {
  const { name, state, startedAt, headers, reason } = record;
  const attributes = { ...attributesOf(record), 'fissile.saga.outcome': state };
  const failure = state === 'undone' ? (reason ?? { code: '_OTHER' }) : undefined;
  tracing.tell({ name: `saga ${name}`, attributes, startedAt }, placeOf(headers), headers.parent, failure);
}
