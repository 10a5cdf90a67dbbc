import type { Outbox } from '#platform/outbox.ts';

/** All that is stored about a person, as one thing that can be erased. */
export abstract class People {
  /**
   * Deletes everything about the person and remembers only that they are gone, so that a registration that arrives
   * late does not bring them back. `announce` joins the transaction; it does not run for a person who is gone already.
   */
  abstract erase(userId: string, erasedAt: Date, announce: (outbox: Outbox) => void): Promise<void>;
}
