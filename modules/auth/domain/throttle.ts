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

/** What is counted: attempts on a subject, possibly only those from somewhere. */
export interface Limit {
  readonly scope: 'account' | 'network' | 'registration' | 'password-change';
  readonly subject: string;
  readonly from?: string;
  readonly pace: Pace;
}

export interface Level {
  readonly level: number;
  readonly at: Date;
  readonly blockedUntil: Date;
  /** Nothing is left of it then. */
  readonly forgetAt: Date;
}

export function raised(previous: Level | undefined, { allowed, forgiveEach, firstDelay, longestDelay }: Pace, now: Date): Level {
  const elapsed = previous ? Math.max(0, now.getTime() - previous.at.getTime()) : 0;
  const level = Math.max(0, (previous?.level ?? 0) - elapsed / forgiveEach) + 1;
  const excess = Math.min(30, level - allowed);
  const delay = excess > 0 ? Math.min(longestDelay, Math.ceil(firstDelay * 2 ** (excess - 1))) : 0;
  const after = (milliseconds: number) => new Date(now.getTime() + milliseconds);
  return { level, at: now, blockedUntil: after(delay), forgetAt: after(Math.max(delay, level * forgiveEach)) };
}

/** Counts over all instances of the program and over restarts. Delays are in milliseconds, 0 for none. */
export abstract class Throttle {
  /** The longest time one of these has to wait before the next attempt. */
  abstract delay(limits: readonly Limit[]): Promise<number>;

  /** Counts an attempt towards each. */
  abstract count(limits: readonly Limit[]): Promise<void>;

  /** Forgets the attempts, unless the next one would have to wait: then it gives the delay and forgets nothing. */
  abstract clear(limit: Limit): Promise<number>;

  /** Forgets all that was counted on these subjects, wherever it came from. */
  abstract forget(subjects: readonly string[]): Promise<void>;

  /** Deletes what has sunk to nothing. */
  abstract prune(): Promise<void>;
}
