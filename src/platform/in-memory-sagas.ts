/** For unit tests of what starts sagas, and of sagas themselves, without a database. */
import { inMemoryTransaction, onRollback } from './in-memory-transaction.ts';
import {
  type SagaDataOf,
  type SagaDefinition,
  type SagaEnd,
  type SagaImplementation,
  Sagas,
  type Step,
  finalReason,
  timedOut,
} from './sagas.ts';
import type { Transaction } from './transaction.ts';

/** Keeps what was started and cancelled; runs nothing. Data that the saga's schema refuses is refused. */
export class InMemorySagas extends Sagas {
  readonly started: { name: string; id: string; data: unknown }[] = [];
  readonly cancelled: { name: string; id: string; reason: SagaEnd }[] = [];

  async start<S extends SagaDefinition>(saga: S, id: string, data: SagaDataOf<S>): Promise<void> {
    const valid = saga.data.parse(data);
    if (this.started.some((other) => other.name === saga.name && other.id === id)) return;
    this.started.push({ name: saga.name, id, data: valid });
    onRollback(() => this.started.pop());
  }

  async cancel(saga: SagaDefinition, id: string, reason: SagaEnd): Promise<void> {
    this.cancelled.push({ name: saga.name, id, reason });
    onRollback(() => this.cancelled.pop());
  }

  async whenEnded(): Promise<void> {}
}

export interface RunToEndOptions {
  readonly id?: string;
  /** How often a step is tried before the deadline counts as passed. */
  readonly tries?: number;
  /** Asked before every step: a reason means that the saga was cancelled by then. */
  readonly cancelledBefore?: (step: string) => SagaEnd | undefined;
}

export interface EndedSaga<Data> {
  readonly state: 'completed' | 'undone';
  readonly data: Data;
  /** Why it was undone. */
  readonly reason: SagaEnd | undefined;
  readonly done: readonly string[];
  /** In the order they were undone. */
  readonly undone: readonly string[];
}

/**
 * Runs a saga's steps as the engine would, local ones in a transaction, without waiting between tries: what fails for
 * good, and what is still unavailable after `tries`, undoes the steps before it in reverse order.
 */
export async function runToEnd<Data>(
  { steps }: SagaImplementation<Data>,
  data: Data,
  { id = 'saga', tries = 3, cancelledBefore = () => undefined }: RunToEndOptions = {},
): Promise<EndedSaga<Data>> {
  const transaction = inMemoryTransaction();
  const around = (step: Step<Data>): Transaction => (step.local === true ? transaction : (work) => work());
  const done: string[] = [];
  const undone: string[] = [];
  let current = data;
  let reason: SagaEnd | undefined;
  /** How many of the first steps have to be undone. */
  let touched = 0;

  for (const step of steps) {
    reason = step.run && cancelledBefore(step.name);
    for (let attempt = 1; !reason; attempt++) {
      try {
        const result = await around(step)(async () => step.run?.(current, { key: `${id}:${step.name}` }));
        current = { ...current, ...result };
        break;
      } catch (error) {
        // After an unknown outcome the step may have happened, whatever a later try says.
        if (step.local !== true && (attempt > 1 || !finalReason(error))) touched = done.length + 1;
        reason = finalReason(error) ?? (attempt < tries ? undefined : timedOut);
      }
    }
    if (reason) break;
    done.push(step.name);
    touched = done.length;
  }
  if (!reason) return { state: 'completed', data: current, reason, done, undone };

  for (const step of steps.slice(0, touched).reverse()) {
    if (!step.undo) continue;
    for (let attempt = 1; ; attempt++) {
      try {
        await around(step)(async () => step.undo?.(current, { key: `${id}:${step.name}`, reason }));
        break;
      } catch (error) {
        if (attempt === tries) throw error;
      }
    }
    undone.push(step.name);
  }
  return { state: 'undone', data: current, reason, done, undone };
}
