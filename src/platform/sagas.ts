// ADR 0006
/**
 * A saga: steps across modules that either all happen, or are undone in reverse order (Garcia-Molina and Salem,
 * 1987). Its data, position and deadlines are a row in the database of the module that owns it, so a crash
 * anywhere resumes where it was.
 */
import type { z } from 'zod';
import { Failure } from './errors.ts';

export interface SagaDefinition<D extends z.ZodObject = z.ZodObject> {
  /** `orders.checkout`; stored with every running saga, so renaming one is a migration. */
  readonly name: string;
  /** Stored too. Changing the order or the meaning of steps is a new version; keep the old one until its sagas ended. */
  readonly version: number;
  /** Plain JSON: it is stored. */
  readonly data: D;
  /** The field of the data that says whose saga it is. Nobody's sagas, however many and slow, hold up another's. */
  readonly fairBy?: (keyof z.output<D> & string) | undefined;
}
export type SagaDataOf<S extends SagaDefinition> = z.output<S['data']>;

/** `saga('orders.checkout', 1, z.object({ orderId: z.uuid(), customerId: z.uuid() }), { fairBy: 'customerId' })` */
export const saga = <D extends z.ZodObject>(
  name: string,
  version: number,
  data: D,
  { fairBy }: Pick<SagaDefinition<D>, 'fairBy'> = {},
): SagaDefinition<D> => Object.freeze({ name, version, data, fairBy });

export interface Step<Data> {
  /** Unique in its saga; part of the step's key, so renaming one is a new version. */
  readonly name: string;
  /**
   * Does the step; may return fields to keep in the saga's data. It can run more than once, so it passes `key` on
   * as the idempotency key. A `Failure` of kind `unavailable` or `internal` and any unknown error is tried again
   * with backoff until the saga's deadline; any other kind ends the saga and undoes what was done.
   *
   * Absent where the transaction that starts the saga has done the step: it counts as done from the start, there is
   * only something to undo, and going past it costs no statement.
   */
  run?(data: Data, step: StepContext): Promise<Partial<Data> | void>;
  /**
   * Undoes the step. Also called when `run` was started and its outcome is unknown, so undoing nothing must
   * succeed; and a `run` that was given up may still arrive afterwards, so what `undo` calls must make a later
   * `run` with the same key fail. Tried again until it succeeds.
   */
  undo?(data: Data, step: UndoContext): Promise<void>;
  /** Touches only the module's own database: `run` and `undo` commit together with the saga's progress. */
  readonly local?: boolean;
}

export interface StepContext {
  /** The same for every try of this step of this saga: `<saga id>:<step>`. */
  readonly key: string;
}

export interface UndoContext extends StepContext {
  /** Why the saga is being undone. */
  readonly reason: SagaEnd;
}

/** Why a saga did not complete: a failure's code and message, `saga.timed-out`, or the reason it was cancelled with. */
export interface SagaEnd {
  readonly code: string;
  readonly message: string;
}

/** The end of a saga that was not finished before its deadline. */
export const timedOut: SagaEnd = { code: 'saga.timed-out', message: 'It was not finished in time.' };

/** The reason a step's error ends its saga with; undefined when trying again may help. */
export function finalReason(error: unknown): SagaEnd | undefined {
  if (!(error instanceof Failure) || error.kind === 'unavailable' || error.kind === 'internal') return undefined;
  return { code: error.code, message: error.message };
}

export interface SagaImplementation<Data> {
  /** Milliseconds from the start until what is not finished is undone. */
  readonly deadline: number;
  readonly steps: readonly Step<Data>[];
}

/** Starts and steers the sagas of one module. */
export abstract class Sagas {
  /** Joins the transaction under way: the saga exists when its reason does. An id that was started before is left alone. */
  abstract start<S extends SagaDefinition>(saga: S, id: string, data: SagaDataOf<S>): Promise<void>;

  /** Asks a running saga to undo what it did; joins the transaction under way. One that has ended is left alone. */
  abstract cancel(saga: SagaDefinition, id: string, reason: SagaEnd): Promise<void>;

  /** Resolves when the saga has ended or after `timeout` milliseconds; call it outside a transaction. */
  abstract whenEnded(saga: SagaDefinition, id: string, timeout: number): Promise<void>;
}
