import { Deadline } from '#platform/deadline.ts';

/** Has the shape of Cockatiel's back-offs. */
interface Backoff {
  /** Milliseconds; Cockatiel reads it each time it looks whether they are over. */
  readonly duration: number;
  next(): Backoff;
}

/**
 * For Cockatiel's breakers: half-opens so many milliseconds after it opened, by the monotonic clock. Cockatiel compares
 * with the time of day: a clock that is set back an hour would keep a breaker open that long.
 */
export const halfOpenAfter = (milliseconds: number) => ({
  next(): Backoff {
    const open = new Deadline(milliseconds);
    return {
      ...halfOpenAfter(milliseconds),
      get duration() {
        return open.remaining > 0 ? Infinity : -Infinity;
      },
    };
  },
});
