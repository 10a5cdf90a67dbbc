import type { Account, Role } from './account.ts';

export type AccountState = 'active' | 'disabled';

/** An account as administrators see it. */
export type KnownAccount = Omit<Account, 'passwordHash'>;

export interface AccountSearch {
  /** The beginning of the address. */
  readonly email?: string | undefined;
  readonly state?: AccountState | undefined;
  readonly role?: Role | undefined;
  /** The last account of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface RoleChange {
  readonly grant: readonly Role[];
  readonly take: readonly Role[];
}

/** The hands that administrators have on accounts. */
export abstract class Administration {
  /** The newest first. */
  abstract search(wanted: AccountSearch): Promise<KnownAccount[]>;

  /**
   * Gives and takes roles; gives those of afterwards. Access tokens that claim a role which was taken are refused at once. Of
   * several who change the last administrators at the same time, the last one is told.
   */
  abstract changeRoles(id: string, change: RoleChange): Promise<readonly Role[] | 'unknown' | 'last administrator'>;

  /** Ends all sessions; false where there is no such account. */
  abstract endSessions(id: string): Promise<boolean>;

  /** Ends all sessions, and has the next login bring another password; false where there is no such account. */
  abstract requireNewPassword(id: string): Promise<boolean>;
}
