import type { Account } from './account.ts';

export abstract class Accounts {
  /** Stores a new account; false, and nothing, when the e-mail address has one already. */
  abstract add(account: Account): Promise<boolean>;

  abstract find(id: string): Promise<Account | undefined>;

  /** The account, whether the device token is one of a device of it, and whether it has a second factor. */
  abstract findForLogIn(
    email: string,
    deviceToken: string | undefined,
  ): Promise<{ account: Account; knowsDevice: boolean; hasFactor: boolean } | undefined>;

  abstract findByEmail(email: string): Promise<Account | undefined>;

  /** All of them, the oldest first. */
  abstract administrators(): Promise<Account[]>;

  /** Gives the account a one-time password, ends its sessions and forgets its devices, together; it counts as one who stays. */
  abstract resetPassword(id: string, hash: string): Promise<void>;

  /** One who is not disabled. */
  abstract hasAdministrator(): Promise<boolean>;

  /** The same password, hashed anew; changes nothing when the password was changed meanwhile. */
  abstract rehash(id: string, from: string, to: string): Promise<void>;

  /**
   * Replaces the password, ends every session but one and forgets the devices, together; false, and nothing of it, when
   * `from` is not the hash of the password any more.
   */
  abstract changePassword(id: string, change: { from: string; to: string; keep: string | null }): Promise<boolean>;

  /** Marks the address as verified; false, and nothing, where the account has another one by now, or was verified before. */
  abstract verifyEmail(id: string, email: string, at: Date): Promise<boolean>;

  /** Gives the account another address, which is verified; false, and nothing, where that has an account already. */
  abstract changeEmail(id: string, email: string, at: Date): Promise<boolean>;

  /** Keeps the account from logging in and ends its sessions, together; neither for the last administrator. */
  abstract disable(id: string, at: Date): Promise<'disabled' | 'unknown' | 'last administrator'>;

  /**
   * Counts the account among the administrators no more, since it is about to be erased; false, and nothing, for the last
   * one. Among several who leave or are disabled at the same time, the last is told.
   */
  abstract leave(id: string, at: Date): Promise<boolean>;

  abstract enable(id: string): Promise<boolean>;

  /** Deletes the account and all its sessions; gives what was stored, for what else depends on it. */
  abstract forget(id: string): Promise<Account | undefined>;
}
