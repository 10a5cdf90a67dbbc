import type { EventDefinition, PayloadOf } from './contract.ts';
import { onRollback } from './in-memory-transaction.ts';
import { Outbox } from './outbox.ts';

/** For unit tests: keeps what was announced. It refuses what the real one refuses, except that it needs no transaction. */
export class InMemoryOutbox extends Outbox {
  readonly events: { name: string; payload: unknown }[] = [];

  add<E extends EventDefinition>(event: E, payload: PayloadOf<E>): void {
    this.events.push({ name: event.name, payload: event.payload.parse(payload) });
    onRollback(() => this.events.pop());
  }
}
