import type { SessionOrigin } from './sessions.ts';

/** An application's access for a person, from a consent until either ends it. */
export interface Authorization extends SessionOrigin {
  readonly id: string;
  readonly accountId: string;
  readonly applicationId: string;
  /** When and how the person proved who they are. */
  readonly authenticatedAt: Date;
  readonly amr: readonly string[];
}

/**
 * The sessions that applications hold. They are sessions like those of a login: access tokens name them, and whatever ends
 * sessions ends them.
 */
export abstract class Authorizations {
  /**
   * Opens one; where it is there already, notes that the person has proved who they are again. False when the account or the application is disabled or gone. Beyond
   * the bound of sessions the one of the account that was not used for the longest time ends.
   */
  abstract open(authorization: Authorization): Promise<boolean>;

  /** Notes that tokens were renewed, so that it goes on as a session does that is refreshed. */
  abstract use(id: string, origin: SessionOrigin): Promise<void>;

  abstract end(id: string): Promise<void>;
}
