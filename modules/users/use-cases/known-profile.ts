import type { Call } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import { AuthErrors, type AuthApi } from '../../auth/contract.ts';
import { UsersErrors } from '../contract.ts';
import { profileFrom, type Profile } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';

export type GetRegistration = Call<typeof AuthApi.getRegistration>;

/**
 * The profile of everyone who has an account. A reader who is faster than the registration event finds it all
 * the same: auth knows them already.
 */
export async function knownProfile(
  profiles: Profiles,
  getRegistration: GetRegistration,
  userId: string,
): Promise<Profile> {
  const profile = (await profiles.find(userId)) ?? (await profileFromAuth(profiles, getRegistration, userId));
  if (!profile) throw UsersErrors.profileNotFound();
  return profile;
}

async function profileFromAuth(profiles: Profiles, getRegistration: GetRegistration, userId: string) {
  try {
    return await profiles.add(profileFrom(await getRegistration({ userId })));
  } catch (error) {
    if (error instanceof Failure && error.code === AuthErrors.accountNotFound.code) return undefined;
    throw error;
  }
}
