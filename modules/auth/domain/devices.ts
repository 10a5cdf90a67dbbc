import type { Session } from './sessions.ts';

/** How many devices of one account are remembered. */
export const devicesPerAccount = 20;
/** Milliseconds after the last login from a device until it is forgotten. */
export const deviceIdle = 180 * 24 * 60 * 60 * 1_000;

/**
 * Remembers the devices from which the owner of an account has logged in, each by a token that only the device knows.
 * Attempts with such a token are counted apart from everybody else's (OWASP's device cookie). A change of password
 * forgets them all.
 */
export abstract class Devices {
  /**
   * Remembers the device that a session was opened on, and returns its token: `token` where that is known, otherwise a
   * new one. Beyond the bound the device that was not used for the longest time is forgotten. Undefined when the session
   * has ended meanwhile.
   */
  abstract remember(session: Session, token: string | undefined): Promise<string | undefined>;

  /** Tells whether the account has no more than one device. */
  abstract isOnly(accountId: string): Promise<boolean>;

  /** Forgets those that were not used for long. */
  abstract prune(): Promise<void>;
}
