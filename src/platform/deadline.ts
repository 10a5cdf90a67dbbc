/** Milliseconds: what a timer is told beyond it, it takes for none at all. */
export const longestTimer = 2 ** 31 - 1;

/** A moment after which something is not worth waiting for. It goes by the monotonic clock: the time of day may be set. */
export class Deadline {
  readonly #at: number;

  /** Ends in so many milliseconds from now; Infinity for never. */
  constructor(milliseconds: number) {
    this.#at = performance.now() + milliseconds;
  }

  /** Whole milliseconds, since timers take no others; 0 when it has passed. */
  get remaining(): number {
    return Math.max(0, Math.floor(this.#at - performance.now()));
  }
}
