import type { Reaction } from '#platform/module.ts';
import type { emailVerified } from '../../auth/contract.ts';
import { withEmail } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';

/** Shows the address that was verified, which may be another than before. It comes after the registration, which has the same key. */
export function keepEmail(profiles: Profiles): Reaction<typeof emailVerified> {
  return async ({ userId, email, verifiedAt }) => {
    await profiles.update(userId, (profile) => withEmail(profile, email, new Date(verifiedAt)));
  };
}
