// ADR 0024
/**
 * Slows down guessing. Each attempt that counts raises a level; above what is allowed every further one must wait,
 * twice as long each time up to a bound. The level sinks steadily, so nobody is locked out for good.
 */
export interface Pace {
  /** Attempts that cost no waiting. */
  readonly allowed: number;
  /** Milliseconds after which one attempt is forgiven. */
  readonly forgiveEach: number;
  /** Milliseconds. */
  readonly firstDelay: number;
  readonly longestDelay: number;
}

/** The attempts that are counted: those on a subject, possibly only from one place. */
export interface Limit {
  readonly scope:
    | 'account'
    | 'network'
    | 'account-logins'
    | 'network-logins'
    | 'registration'
    | 'password-change'
    | 'second-factor'
    | 'mails-to'
    | 'mails-from'
    | 'email-code'
    | 'new-device';
  readonly subject: string;
  readonly from?: string | undefined;
  /** False for one that the attempt is counted towards, and that does not hold it up. */
  readonly blocks?: boolean;
  readonly pace: Pace;
}

export interface Level {
  readonly level: number;
  readonly at: Date;
  readonly blockedUntil: Date;
  /** Nothing is left of it then. */
  readonly forgetAt: Date;
}

const later = (at: Date, milliseconds: number) => new Date(at.getTime() + milliseconds);
const latest = (...dates: Date[]) => new Date(Math.max(...dates.map((date) => date.getTime())));

/**
 * When the next attempt may be made after one that raised it to `level`. Long ago where it need not wait: the clocks of
 * instances differ, and the next attempt may come from a little earlier.
 */
function delayedUntil(level: number, at: Date, { allowed, firstDelay, longestDelay }: Pace): Date {
  const excess = Math.min(30, level - allowed);
  return excess > 0 ? later(at, Math.min(longestDelay, Math.ceil(firstDelay * 2 ** (excess - 1)))) : new Date(0);
}

/** The level after one more attempt. */
export function raised(previous: Level | undefined, pace: Pace, now: Date): Level {
  const elapsed = previous ? Math.max(0, now.getTime() - previous.at.getTime()) : 0;
  const level = Math.max(0, (previous?.level ?? 0) - elapsed / pace.forgiveEach) + 1;
  const blockedUntil = latest(previous?.blockedUntil ?? new Date(0), delayedUntil(level, now, pace));
  return { level, at: now, blockedUntil, forgetAt: latest(blockedUntil, later(now, level * pace.forgiveEach)) };
}

/** The level as if one attempt fewer had been counted. */
export function lowered({ level: before, at, blockedUntil: until }: Level, pace: Pace): Level {
  const level = Math.max(0, before - 1);
  const blockedUntil = new Date(Math.min(until.getTime(), delayedUntil(level, at, pace).getTime()));
  return { level, at, blockedUntil, forgetAt: latest(blockedUntil, later(at, level * pace.forgiveEach)) };
}

/** Counts over all instances of the program and over restarts. Delays are in milliseconds, 0 for none. */
export abstract class Throttle {
  /**
   * Counts an attempt towards each limit before it is made, and returns 0. While one of them blocks, it counts nothing
   * and returns how long. Among many attempts at the same time only those pass that the limits have room for.
   */
  abstract reserve(limits: readonly Limit[]): Promise<number>;

  /** Takes back one attempt from each limit: it was not made, or does not count. */
  abstract giveBack(limits: readonly Limit[]): Promise<void>;

  /** The longest time one of these has to wait before the next attempt. */
  abstract delay(limits: readonly Limit[]): Promise<number>;

  /** Forgets the attempts counted towards a limit. */
  abstract clear(limit: Limit): Promise<void>;

  /** Forgets all that was counted on these subjects, wherever it came from. */
  abstract forget(subjects: readonly string[]): Promise<void>;

  /** Deletes what has sunk to nothing. */
  abstract prune(): Promise<void>;
}
