import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Call, Handler } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import type { AuthApi } from '../../auth/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import type { Addresses } from '../domain/addresses.ts';
import type { Exports } from '../domain/exports.ts';
import type { Profiles } from '../domain/profiles.ts';
import { knownProfile, type GetRegistration } from './known-profile.ts';

/** One at a time for each person: it costs every module much. */
export function beginExport(
  exports: Exports,
  profiles: Profiles,
  addresses: Addresses,
  getRegistration: GetRegistration,
  accountOf: Call<typeof AuthApi.exportPersonalData>,
  clock: Clock,
): Handler<typeof UsersApi, 'beginExport'> {
  return async ({ userId }) => {
    const exportId = uuid();
    const underWay = await exports.begin(userId, exportId);
    if (underWay) throw UsersErrors.exportUnderWay({ retryAfter: underWay.waitFor });
    try {
      const [profile, addressBook, { sessions: _, nextCursor: __, ...account }] = await Promise.all([
        knownProfile(profiles, getRegistration, userId).catch(nullIfNotFound),
        addresses.list(userId),
        accountOf({ userId, limit: 1 }),
      ]);
      return { exportId, exportedAt: clock.now().toISOString(), profile, addresses: addressBook, account };
    } catch (error) {
      await exports.end(userId, exportId);
      throw error;
    }
  };
}

/** An erased person still has a right to see that nothing is left. */
function nullIfNotFound(error: unknown): null {
  if (error instanceof Failure && error.code === UsersErrors.profileNotFound.code) return null;
  throw error;
}
