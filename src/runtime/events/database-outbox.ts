import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import { currentContext } from '#platform/context.ts';
import type { EventDefinition, PayloadOf } from '#platform/contract.ts';
import { ambientTransaction, type Database } from '#platform/database.ts';
import type { Dispatcher } from './dispatcher.ts';
import { headersOf } from '../background/headers.ts';
import { Outbox } from '#platform/outbox.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { NewEvent, OutboxTable, Stored } from './outbox-table.ts';

/** Collects the events of a transaction, stores them with one statement before it commits, and hands them on after. */
export class DatabaseOutbox extends Outbox {
  readonly #database: Database;
  readonly #table: OutboxTable;
  readonly #dispatcher: Dispatcher;
  readonly #clock: Clock;
  readonly #metrics: Pick<Metrics, 'announced'>;
  readonly #collected = new WeakMap<object, NewEvent[]>();

  constructor(
    database: Database,
    table: OutboxTable,
    dispatcher: Dispatcher,
    clock: Clock,
    metrics: Pick<Metrics, 'announced'>,
  ) {
    super();
    this.#database = database;
    this.#table = table;
    this.#dispatcher = dispatcher;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  add<E extends EventDefinition>(event: E, payload: PayloadOf<E>): void {
    const valid = event.payload.parse(payload) as Record<string, unknown>;
    this.#ofThisTransaction().push({
      id: uuid(),
      name: event.name,
      version: event.version,
      key: String(valid[event.key]),
      // A reaction's payload must not depend on whether the event came from memory or from the table.
      payload: JSON.parse(JSON.stringify(valid)),
      occurredAt: this.#clock.now().toISOString(),
    });
  }

  #ofThisTransaction(): NewEvent[] {
    const transaction = ambientTransaction.getStore();
    const known = transaction?.open && this.#collected.get(transaction);
    if (known) return known;
    const events: NewEvent[] = [];
    this.#storeBeforeCommit(events, () => this.#collected.delete(transaction!));
    this.#collected.set(transaction!, events);
    return events;
  }

  #storeBeforeCommit(events: NewEvent[], close: () => void): void {
    let stored: Stored[] = [];
    const headers = headersOf(currentContext(), uuid());
    this.#database.beforeCommit(async () => {
      close();
      stored = await this.#table.insert(events, headers, this.#dispatcher.ownerOfNew());
    });
    this.#database.afterCommit(() => {
      const envelopes = events.map((event, index) => ({ ...event, headers, position: stored[index]!.position }));
      this.#dispatcher.committed(envelopes, stored);
      for (const event of events) this.#metrics.announced(event, event.payload);
    });
  }
}
