import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import { currentContext } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import { headersOf, reserved } from '../background/headers.ts';
import { type SagaDataOf, type SagaDefinition, type SagaEnd, Sagas } from '#platform/sagas.ts';
import type { SagaEngine } from './saga-engine.ts';
import { within } from '../within.ts';
import type { SagaRecord, SagaTable } from './saga-table.ts';

/** Milliseconds between two looks at a saga that another instance has. */
const pollInterval = 200;

/**
 * Stores what is asked of sagas in the transaction under way, and tells the engine once that is durable. The statements
 * go out together with the commit: nobody needs their answers earlier.
 */
export class DatabaseSagas extends Sagas {
  readonly #database: Database;
  readonly #table: SagaTable;
  readonly #engine: SagaEngine;

  constructor(database: Database, table: SagaTable, engine: SagaEngine) {
    super();
    this.#database = database;
    this.#table = table;
    this.#engine = engine;
  }

  async start<S extends SagaDefinition>(
    { name, version, data: schema }: S,
    id: string,
    data: SagaDataOf<S>,
  ): Promise<void> {
    // A step's data must not depend on whether it came from memory or from the table.
    const place = { name, id, version, data: JSON.parse(JSON.stringify(schema.parse(data))) };
    const record: SagaRecord = {
      ...place,
      headers: reserved(headersOf(currentContext(), uuid())),
      startedAt: Date.now(),
      state: 'running',
      step: 0,
      reason: null,
      cancelled: null,
      attempts: 0,
      revision: 0,
      owner: this.#engine.ownerOfNew(place),
      remaining: this.#engine.implementationOf({ name, version }).deadline,
    };
    let isNew = false;
    await this.#database.transaction(async () => {
      this.#database.afterCommit(() => isNew && this.#engine.started(record));
      this.#database.beforeCommit(async () => {
        isNew = await this.#table.insert(record);
      });
    });
  }

  async cancel({ name }: SagaDefinition, id: string, reason: SagaEnd): Promise<void> {
    let isRunning = false;
    await this.#database.transaction(async () => {
      this.#database.afterCommit(() => isRunning && this.#engine.cancelled(name, id, reason));
      this.#database.beforeCommit(async () => {
        isRunning = await this.#table.cancel(name, id, reason);
      });
    });
  }

  async whenEnded({ name }: SagaDefinition, id: string, timeout: number): Promise<void> {
    if (this.#database.inTransaction)
      throw new Error('Waiting for a saga would keep the transaction open: do it outside.');
    const until = performance.now() + timeout;
    for (;;) {
      const remaining = until - performance.now();
      if (remaining <= 0) return;
      const released = this.#engine.released(name, id);
      if (released) {
        if ((await within(remaining, released, () => undefined))?.ended) return;
      } else {
        // A database that is away for a moment is no reason to stop waiting.
        if (await this.#table.hasEnded(name, id).catch(() => false)) return;
        await sleep(Math.min(pollInterval, remaining));
      }
    }
  }
}
