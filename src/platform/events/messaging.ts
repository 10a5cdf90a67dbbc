/** All of a module's asynchronous life: its outbox and inbox, its sagas, its schedules. */
import type { ClientConfig } from 'pg';
import type { Clock } from '../clock.ts';
import type { EventDefinition } from '../contract.ts';
import type { Database } from '../database/database.ts';
import type { Reaction } from '../module.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { SagaDefinition, SagaImplementation, Sagas } from '../sagas/saga.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { Outbox } from './outbox.ts';
import type { Transport } from './transport.ts';

export interface MessagingOptions {
  readonly module: string;
  readonly database: Database;
  /** For a session of its own on the module's database: while it lives, what this instance works on is left to it. */
  readonly connection: ClientConfig;
  readonly transport: Transport;
  /**
   * Resolved when a delivery or a step needs them for the first time, so that they may themselves depend on the
   * outbox and sagas that are made here.
   */
  readonly reactions: readonly { name: string; event: EventDefinition; handle: () => Reaction<never> }[];
  readonly sagas: readonly { saga: SagaDefinition; implementation: () => SagaImplementation<never> }[];
  readonly schedules: readonly { name: string; every: number; run: () => () => Promise<void> }[];
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'deliveries' | 'stepRetried' | 'watchOutbox' | 'watchDeadLetters' | 'watchSagas'>;
  readonly clock: Clock;
  readonly limits?: Partial<MessagingLimits>;
}

/** Times in milliseconds. */
export interface MessagingLimits {
  /** Reactions of the module under way at once; below the size of its pool. */
  readonly deliveries: number;
  /** Events held in memory; what is more waits in the outbox. */
  readonly eventsInMemory: number;
  /** Tries of a delivery before it is a dead letter. */
  readonly attempts: number;
  /** A reaction that takes longer has failed. */
  readonly reactionTimeout: number;
  /** Sagas under way at once. */
  readonly sagas: number;
  /** One try of a saga's step. */
  readonly stepTimeout: number;
  /** The first pause before another try; it doubles with every try, and a random part of it is waited. */
  readonly firstPause: number;
  /** The longest pause before another try of a delivery, of a step, and of undoing a step. */
  readonly longestPause: { readonly delivery: number; readonly step: number; readonly undo: number };
  /** Between two looks at what other instances left behind. */
  readonly sweep: number;
  /** How long what is finished is kept. */
  readonly retention: number;
}

export interface Messaging {
  readonly outbox: Outbox;
  readonly sagas: Sagas;
  readonly deadLetters: DeadLetters;
  /**
   * Make the messaging of every module of the process before starting any, so that no event is published past a
   * subscriber. Events and sagas from before the start wait in their tables. Rejects when the database is not there.
   */
  start(): Promise<void>;
  /** Takes nothing new and finishes what is under way, until `deadline` (epoch milliseconds) at most. */
  drain(deadline: number): Promise<void>;
  /** Lets go of everything at once; what was not finished is resumed by the next instance. Never rejects. */
  stop(): Promise<void>;
}
