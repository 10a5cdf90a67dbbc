// ADR 0021
import type { Role } from './account.ts';

/** The result of a login: one family of refresh tokens, of which one works at a time. */
export interface Session {
  readonly id: string;
  readonly accountId: string;
  readonly roles: readonly Role[];
  /** When the person last proved who they are. */
  readonly authenticatedAt: Date;
  /** How they did (RFC 8176), all methods of this session: `pwd`, `otp`, `hwk`, `mfa`, `fed`. */
  readonly amr: readonly string[];
  /** Tells whether its person reads the mail of their address; absent where nobody looked. */
  readonly emailVerified?: boolean;
}

/** The place that a session was last used from, for its owner to recognize it. */
export interface SessionOrigin {
  readonly network: string | null;
  readonly userAgent: string | null;
}

/** A session as its owner sees it. */
export interface ListedSession extends SessionOrigin {
  readonly id: string;
  readonly startedAt: Date;
  readonly lastUsedAt: Date;
  readonly authenticatedAt: Date;
  /** The application that holds it; null for the person's own client. */
  readonly application: { readonly id: string; readonly name: string } | null;
}

/** How sure the methods of a session make us, as `acr` of a token. */
export const assuranceOf = (amr: readonly string[]): string =>
  amr.includes('mfa') ? 'urn:fissile:2' : 'urn:fissile:1';

export type Rotation =
  | { readonly outcome: 'rotated'; readonly session: Session; readonly refreshToken: string }
  /** The token had been used before: somebody else may have it too, so the session has ended now. */
  | { readonly outcome: 'reused'; readonly sessionId: string; readonly accountId: string }
  | { readonly outcome: 'unknown' };

/**
 * A refresh token is handed out once and is not readable from what is stored. A session is there as long as it
 * lives: ending it deletes it.
 */
export abstract class Sessions {
  /**
   * Starts a session of the account; undefined when the account was disabled, or its password changed, since
   * `passwordHash` was read. Beyond the bound the session that was not used for the longest time ends.
   */
  abstract open(session: Session & SessionOrigin, passwordHash: string): Promise<{ refreshToken: string } | undefined>;

  /**
   * Trades a refresh token for the next. Within the grace a used token gives the same successor again, until that was
   * used: of tokens that are used again at the same time all get the same. `origin` is where it is used from now.
   */
  abstract rotate(refreshToken: string, origin?: SessionOrigin): Promise<Rotation>;

  /** Notes that the person of a living session has just proved who they are, by `amr`; undefined when there is none. */
  abstract confirm(id: string, accountId: string, amr: readonly string[]): Promise<Session | undefined>;

  /** Ends the session of a refresh token, a used one too; gives what it ended. */
  abstract end(refreshToken: string): Promise<{ sessionId: string; accountId: string } | undefined>;

  /** Ends a session of the account; false when it has no such one. */
  abstract endById(id: string, accountId: string): Promise<boolean>;

  /** Ends all sessions of the account but one. */
  abstract endOthers(id: string, accountId: string): Promise<void>;

  /**
   * With `claimed` it must be a session of that account, and the account must have all of these roles today. The session of
   * a machine has the id of the machine, and lives as long as that may act.
   */
  abstract isLive(id: string, claimed?: { userId: string; roles: readonly string[] }): Promise<boolean>;

  /** When the person of a living session of the account last proved who they are. */
  abstract authenticatedAt(id: string, accountId: string): Promise<Date | undefined>;

  /** The oldest first, at most `limit` of those after the session `after`: ids rise with time. */
  abstract list(accountId: string, page: { after?: string | undefined; limit: number }): Promise<ListedSession[]>;

  /** Deletes what has expired. */
  abstract prune(): Promise<void>;
}
