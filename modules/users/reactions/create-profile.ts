import type { Reaction } from '#platform/module.ts';
import type { userRegistered } from '../../auth/contract.ts';
import { profileFrom } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';

/** Finds the profile there when somebody read it first, and leaves people alone who were erased meanwhile. */
export function createProfile(profiles: Profiles): Reaction<typeof userRegistered> {
  return async (registration) => {
    await profiles.add(profileFrom(registration));
  };
}
