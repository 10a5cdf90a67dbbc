import type { Applications } from '../domain/applications.ts';
import type { Devices } from '../domain/devices.ts';
import type { EmailCodes } from '../domain/email-codes.ts';
import type { OAuthState } from '../domain/oauth-state.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';

/** Deletes what time has made meaningless. */
export const prune =
  (
    sessions: Sessions,
    devices: Devices,
    emailCodes: EmailCodes,
    applications: Applications,
    oauthState: OAuthState,
    throttle: Throttle,
  ) =>
  async (): Promise<void> => {
    await sessions.prune();
    await devices.prune();
    await emailCodes.prune();
    await applications.prune();
    await oauthState.prune();
    await throttle.prune();
  };
