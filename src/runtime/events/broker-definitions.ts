// ADR 0046
import type { Subscription } from './transport.ts';

/** The user of one process at the broker. */
export interface BrokerUser {
  readonly process: string;
  /** Letters, digits, `-` and `_`. */
  readonly password: string;
  /** The modules in its process. */
  readonly modules: readonly string[];
}

export interface System {
  /** The broker's EVENTS_URL, as anybody. */
  readonly url: string;
  /** Names of every module there is. */
  readonly modules: readonly string[];
  /** The subscriptions of every module. */
  readonly subscriptions: readonly Subscription[];
  readonly users: readonly BrokerUser[];
}

/** All that a broker has to be told about a system, and a user for each process with the rights of its modules only. */
export interface BrokerDefinitions {
  /** For the broker, in the form that its own tools read. */
  readonly text: string;
  /** The EVENTS_URL of each process, in the order of the users. */
  readonly urls: readonly string[];
}
