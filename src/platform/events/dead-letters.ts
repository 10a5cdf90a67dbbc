export interface DeadLetter {
  readonly subscription: string;
  readonly eventId: string;
  readonly key: string;
  readonly attempts: number;
  /** What the last try failed with. */
  readonly error: string;
  readonly diedAt: Date;
}

/** Deliveries that were given up, in the inbox of the module that did not manage them. */
export abstract class DeadLetters {
  /** The oldest first; `after` is the last one of the page before. */
  abstract list(page?: { limit?: number; after?: Pick<DeadLetter, 'subscription' | 'eventId'> }): Promise<DeadLetter[]>;

  abstract get(subscription: string, eventId: string): Promise<(DeadLetter & { event: unknown }) | undefined>;

  /**
   * Gives it one more try, in whichever instance runs the module; a failure makes it a dead letter again. False
   * when there is no such dead letter.
   */
  abstract replay(subscription: string, eventId: string): Promise<boolean>;
}
