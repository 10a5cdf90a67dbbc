/** All that is stored about a person, as one thing that can be erased. */
export abstract class People {
  /**
   * Deletes everything about the person and remembers only that they are gone, so that a registration that arrives
   * late does not bring them back. False for a person who is gone already.
   */
  abstract erase(userId: string, erasedAt: Date): Promise<boolean>;
}
