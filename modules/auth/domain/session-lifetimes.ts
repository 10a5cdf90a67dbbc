/** How long sessions live; all in milliseconds. */
export abstract class SessionLifetimes {
  /** Of an access token. */
  abstract readonly access: number;
  /** Of a session that is not refreshed. */
  abstract readonly idle: number;
  /** Of a session, however often it is refreshed. */
  abstract readonly absolute: number;
}

/** When a session ends that is used now. */
export const sessionExpiry = (lifetimes: SessionLifetimes, startedAt: Date, now: Date): Date =>
  new Date(Math.min(now.getTime() + lifetimes.idle, startedAt.getTime() + lifetimes.absolute));
