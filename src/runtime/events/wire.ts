import type { EventDefinition } from '#platform/contract.ts';
import type { JsonSchema } from '../named-schemas.ts';

/** The place of the events at a broker, in the words of AsyncAPI. Bindings are what it says in terms of this broker alone. */
export interface Wire {
  /** A Server Object. Its host is a variable: the document is for everybody, and where the broker is, is not. */
  readonly server: JsonSchema;
  /** Begins the name of the header of each CloudEvents attribute. */
  readonly attributePrefix: string;
  /** The address, parameters and bindings of a channel that carries all events of a module. */
  channel(module: string, events: readonly EventDefinition[]): JsonSchema;
  /** The bindings of a message. */
  message(event: EventDefinition): JsonSchema;
  /** The bindings of an operation that announces. */
  readonly announcing: JsonSchema;
  /** The bindings of an operation that reacts, by the name of its subscription. */
  reacting(subscription: string): JsonSchema;
}
