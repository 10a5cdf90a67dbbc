import type { EventDefinition, PayloadOf } from './contract.ts';
import { Database } from './database.ts';
import { onRollback } from './in-memory-transaction.ts';
import { Outbox } from './outbox.ts';

/** For unit tests: keeps what was announced, and refuses what the real one refuses. */
export class InMemoryOutbox extends Outbox {
  readonly events: { name: string; payload: unknown }[] = [];

  add<E extends EventDefinition>(event: E, payload: PayloadOf<E>): void {
    if (!Database.anyTransactionOpen) throw new Error(`${event.name} needs a transaction around it: transaction(...).`);
    this.events.push({ name: event.name, payload: event.payload.parse(payload) });
    onRollback(() => this.events.pop());
  }
}
