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
