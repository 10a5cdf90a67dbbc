// ADR 0021
import type { Role } from './account.ts';

/** The result of a login: one family of refresh tokens, of which one works at a time. */
export interface Session {
  readonly id: string;
  readonly accountId: string;
  readonly roles: readonly Role[];
}

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
  abstract open(session: Session, passwordHash: string): Promise<{ refreshToken: string } | undefined>;

  /**
   * Trades a refresh token for the next. Within the grace a used token gives the same successor again, until that was
   * used: of tokens that are used again at the same time all get the same.
   */
  abstract rotate(refreshToken: string): Promise<Rotation>;

  /** Ends the session of a refresh token, a used one too; gives what it ended. */
  abstract end(refreshToken: string): Promise<{ sessionId: string; accountId: string } | undefined>;

  /** With `claimed` it must be a session of that account, and the account must have all of these roles today. */
  abstract isLive(id: string, claimed?: { userId: string; roles: readonly string[] }): Promise<boolean>;

  /** When a living session of the account began, which is when its password was given. */
  abstract startOf(id: string, accountId: string): Promise<Date | undefined>;

  /** The oldest first, at most `limit` of those after the session `after`: ids rise with time. */
  abstract list(
    accountId: string,
    page: { after?: string | undefined; limit: number },
  ): Promise<{ id: string; startedAt: Date; lastUsedAt: Date }[]>;

  /** Deletes what has expired. */
  abstract prune(): Promise<void>;
}
