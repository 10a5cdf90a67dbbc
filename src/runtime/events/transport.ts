import type { EventDefinition } from '#platform/contract.ts';
import type { Beginning } from '#platform/module.ts';
import type { Wire } from './wire.ts';
import type { Envelope } from './envelope.ts';

/** One reaction of one module; `name` is `<module>.<reaction>` and unique in the whole system. */
export interface Subscription {
  readonly name: string;
  readonly event: EventDefinition;
  /** Its first event, where it is new to the broker: see `Beginning`. */
  readonly from?: Beginning;
}

/** The module that an event or a subscription belongs to, by its name: `orders.order-paid`. */
export const ownerOf = (name: string): string => name.slice(0, name.indexOf('.'));

/**
 * Resolves when the delivery is in the inbox (done, waiting for another try, or given up), so that the transport
 * may forget it. Rejects when it could not be taken: the transport delivers it again, and nothing later of the
 * same key before it. `again`: the broker has delivered it before, and cannot tell what became of it.
 */
export type Receiver = (envelope: Envelope, again?: boolean) => Promise<void>;

/**
 * Carries events from the outboxes to the inboxes. It may deliver an event more than once, but loses none that it
 * was given, and delivers those of one key to one subscription in the order they were given.
 */
export abstract class Transport {
  /** As traces call it. */
  abstract readonly system: string;

  /** Tells whether subscribers in other processes are reached. */
  abstract readonly reachesOtherProcesses: boolean;

  /**
   * Names of events that cannot be given to all their subscriptions from here, known when all are subscribed. They are
   * given to none: they stay in the outbox for a process that reaches all, so that each takes effect once and in order.
   */
  get unreached(): readonly string[] {
    return [];
  }

  /** For programs of others; undefined where no other program can read along. */
  get wire(): Wire | undefined {
    return undefined;
  }

  /** Before anything is published; one receiver for a subscription. */
  abstract subscribe(subscription: Subscription, receive: Receiver): void;

  /**
   * Resolves when the event is safe: it will reach its subscribers even if this process dies now. Called in order
   * for each key, without waiting for the one before; keeping that order, even where it has to try again, is the
   * transport's own affair. Rejects only when it was stopped; the event then stays in the outbox.
   */
  abstract publish(envelope: Envelope): Promise<void>;

  /**
   * Tells every process there is, this one too, and this one at once. At most once: who is not connected misses it.
   */
  abstract broadcast(topic: string, message: string): void;

  /** `listener` does not throw. `onGap`: some may have been missed, so ask the source. */
  abstract onBroadcast(topic: string, listener: (message: string) => void, onGap?: () => void): void;

  /** Connects, for transports that have something to connect to; after all subscriptions are known. */
  abstract start(): Promise<void>;

  abstract stop(): Promise<void>;
}
