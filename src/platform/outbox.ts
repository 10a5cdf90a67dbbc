// ADR 0005
import type { EventDefinition, PayloadOf } from './contract.ts';

/**
 * The only way to announce an event. `add` joins the transaction under way: the event is stored when, and only
 * when, the state it tells of is stored. It throws outside a transaction, and on a payload its schema refuses.
 */
export abstract class Outbox {
  abstract add<E extends EventDefinition>(event: E, payload: PayloadOf<E>): void;
}
