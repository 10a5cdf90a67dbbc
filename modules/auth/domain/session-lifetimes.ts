/** How long sessions live, in milliseconds, and how many of an account. */
export abstract class SessionLifetimes {
  /** The lifetime of an access token. */
  abstract readonly access: number;
  /** The lifetime of a session that is not refreshed. */
  abstract readonly idle: number;
  /** The lifetime of a session, however often it is refreshed. */
  abstract readonly absolute: number;
  /** How long a used refresh token gives the same successor again, as long as that was not used; 0 for not at all. */
  abstract readonly grace: number;
  /** How many sessions an account has. One more ends the one that was not used for the longest time. */
  abstract readonly perAccount: number;
}

/** When a session ends that is used now. */
export const sessionExpiry = (lifetimes: SessionLifetimes, startedAt: Date, now: Date): Date =>
  new Date(Math.min(now.getTime() + lifetimes.idle, startedAt.getTime() + lifetimes.absolute));
