import type { Devices } from '../domain/devices.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';

/** Deletes what time has made meaningless. */
export const prune = (sessions: Sessions, devices: Devices, throttle: Throttle) => async (): Promise<void> => {
  await sessions.prune();
  await devices.prune();
  await throttle.prune();
};
