import type { Handler } from '#platform/contract.ts';
import type { UsersApi } from '../contract.ts';
import type { Profiles } from '../domain/profiles.ts';
import { knownProfile, type GetRegistration } from './known-profile.ts';

export function getProfile(
  profiles: Profiles,
  getRegistration: GetRegistration,
): Handler<typeof UsersApi, 'getProfile'> {
  return ({ userId }) => knownProfile(profiles, getRegistration, userId);
}
