/** The time of day as a port, so that rules about time can be tested without waiting. */
export abstract class Clock {
  abstract now(): Date;
}

/** Milliseconds by a clock that is never set: ages and time limits go by it, not by the time of day. */
export type Elapsed = () => number;

export const systemClock: Clock = { now: () => new Date() };
export const systemElapsed: Elapsed = () => performance.now();
