/** The platform's records of a person in the module's own database. */
export abstract class PersonalTraces {
  /**
   * Deletes the stored answers to the person's requests, and the mails and published events that have their id as key, in
   * the transaction under way; in the audit log the acts stay, and who it was is forgotten. An event that is still to be
   * published stays; a mail that waits is not sent. Reads whole tables: for rare work only.
   */
  abstract forget(userId: string): Promise<void>;
}
