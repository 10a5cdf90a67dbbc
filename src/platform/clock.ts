/** The time of day as a port, so that rules about time can be tested without waiting. */
export abstract class Clock {
  abstract now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
