/** The scopes that a person allowed an application. */
export interface Consent {
  readonly accountId: string;
  readonly applicationId: string;
  readonly scopes: readonly string[];
  readonly givenAt: Date;
}

export abstract class Consents {
  /** Adds scopes to what the person allowed before. */
  abstract give(consent: Consent): Promise<void>;

  abstract find(accountId: string, applicationId: string): Promise<Consent | undefined>;

  /** The consents of a person, each with the name of the application, the newest first; 200 at most. */
  abstract list(accountId: string): Promise<(Consent & { name: string })[]>;

  /** Takes it back and ends the sessions that the application holds for the person, together; false when there is none. */
  abstract revoke(accountId: string, applicationId: string): Promise<boolean>;
}
