import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import { changeProfile } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';
import { requireVersion } from '../domain/version.ts';
import { knownProfile, type GetRegistration } from './known-profile.ts';

export function updateProfile(
  profiles: Profiles,
  getRegistration: GetRegistration,
  clock: Clock,
): Handler<typeof UsersApi, 'updateProfile'> {
  return async ({ userId, expectedVersion, ...changes }) => {
    await knownProfile(profiles, getRegistration, userId);
    const changed = await profiles.update(userId, (profile) => {
      requireVersion(profile, expectedVersion);
      return changeProfile(profile, changes, clock.now());
    });
    if (!changed) throw UsersErrors.profileNotFound();
    return changed;
  };
}
