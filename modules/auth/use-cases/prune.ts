import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';

/** Deletes what time has made meaningless. */
export const prune = (sessions: Sessions, throttle: Throttle) => async (): Promise<void> => {
  await sessions.prune();
  await throttle.prune();
};
