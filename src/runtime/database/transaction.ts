// ADR 0009
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { Failure, platformErrors } from '#platform/errors.ts';
import type { AmbientTransaction } from '#platform/database.ts';
import { asFailure, failedWithTransaction, isConflict, spoilsConnection } from './database-errors.ts';
import type { PoolMeter } from '../observability/meters.ts';
import { sendStatement } from './statement-span.ts';

/**
 * One transaction on one connection. Nothing here waits for an answer it does not need: BEGIN goes out together
 * with the first statement and COMMIT right behind the last, and PostgreSQL answers in order. A statement that
 * fails makes the statements behind it fail and turns the COMMIT into a ROLLBACK, so an early COMMIT is safe; and
 * BEGIN itself fails only together with its connection.
 */
export class Transaction implements AmbientTransaction {
  readonly outer: AmbientTransaction | undefined;
  readonly #client: PoolClient;
  readonly #meter: PoolMeter;
  readonly #participants = new Set<() => Promise<unknown>>();
  readonly #listeners: (() => void)[] = [];
  readonly #savepoints: { readonly name: string; readonly failure: unknown }[] = [];
  #savepointCount = 0;
  #sent = 0;
  #open = true;
  #spoilt = false;
  /** The first statement that failed: those behind it only fail because of it, and with its error. */
  #failure: unknown;
  /** Why it must not commit, although no statement failed. */
  #refusal: { readonly reason: unknown } | undefined;

  constructor(client: PoolClient, outer: AmbientTransaction | undefined, meter: PoolMeter) {
    this.#client = client;
    this.#meter = meter;
    this.outer = outer;
    void this.#send({ text: 'BEGIN' });
  }

  get open(): boolean {
    return this.#open;
  }

  query(config: QueryConfig): Promise<QueryResult> {
    return this.#open ? this.#send(config) : Promise.reject(endedError());
  }

  /** For a statement whose answer nobody waits for. */
  send(config: QueryConfig): void {
    if (!this.#open) throw endedError();
    void this.#send(config);
  }

  #send(config: QueryConfig): Promise<QueryResult> {
    this.#sent++;
    const result = sendStatement(this.#client, config, this.#meter).catch((error: unknown) => {
      this.#failure ??= error;
      this.#spoilt ||= spoilsConnection(error);
      throw asFailure(failedWithTransaction(error) ? this.#failure : error);
    });
    // Not everybody awaits every statement: what failed comes out when the transaction ends.
    result.catch(() => {});
    return result;
  }

  /** A part that fails takes the whole with it, even if somebody in between catches its error. */
  async join<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#open) throw endedError();
    try {
      return await work();
    } catch (error) {
      this.#refusal ??= { reason: error };
      throw error;
    }
  }

  beforeCommit(participant: () => Promise<unknown>): void {
    if (!this.#open) throw endedError();
    this.#participants.add(participant);
  }

  afterCommit(listener: () => void): void {
    if (!this.#open) throw endedError();
    this.#listeners.push(listener);
  }

  /** Resolves when it is durable and rejects otherwise. Call it with this transaction ambient. */
  async commit(): Promise<void> {
    const underWay: Promise<unknown>[] = [];
    for (const participant of this.#participants) {
      const sentBefore = this.#sent;
      const participation = participant();
      participation.catch((error: unknown) => (this.#refusal ??= { reason: error }));
      underWay.push(participation);
      if (this.#sent === sentBefore) await participation;
    }
    if (this.#refusal) throw this.#refusal.reason;
    this.#open = false;
    const [outcome] = await Promise.allSettled([this.#send({ text: 'COMMIT' }), ...underWay]);
    if (outcome.status === 'rejected') {
      const { reason } = outcome;
      throw reason instanceof Failure ? platformErrors.outcomeUnknown({ cause: reason.cause, retryAfter: 1 }) : reason;
    }
    if (outcome.value.command !== 'COMMIT') throw asFailure(this.#failure);
  }

  /** Harmless after a commit that failed. */
  async rollback(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    if (!this.#spoilt) await this.#send({ text: 'ROLLBACK' }).catch(() => {});
  }

  /** The error to report when the transaction ended with `error`: the conflict behind it, if there was one. */
  causeOf(error: unknown): unknown {
    return isConflict(this.#failure) ? this.#failure : error;
  }

  /** Gives the connection back. */
  release(): void {
    this.#client.release(this.#spoilt);
  }

  /** To call after a commit; a listener that throws keeps no other from hearing of it. */
  tellListeners(onError: (error: unknown) => void): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        onError(error);
      }
    }
  }

  openSavepoint(): string {
    const name = `nested_${++this.#savepointCount}`;
    this.#savepoints.push({ name, failure: this.#failure });
    this.#mark(`SAVEPOINT ${name}`);
    return name;
  }

  isInnermostSavepoint(name: string): boolean {
    return this.#savepoints.at(-1)?.name === name;
  }

  releaseSavepoint(name: string): void {
    this.#savepoints.pop();
    this.#mark(`RELEASE SAVEPOINT ${name}`);
  }

  rollbackToSavepoint(name: string): void {
    this.#failure = this.#savepoints.pop()?.failure;
    this.#mark(`ROLLBACK TO SAVEPOINT ${name}; RELEASE SAVEPOINT ${name}`);
  }

  /** Nothing to wait for: if it fails, so does what follows it. Too late, there is nothing left to mark. */
  #mark(statement: string): void {
    if (this.#open) void this.#send({ text: statement });
  }
}

const endedError = () =>
  new Error('The transaction of this work has ended already. Is an await missing on the way to this statement?');
