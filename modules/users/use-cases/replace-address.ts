import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import { replaceFields } from '../domain/address.ts';
import type { Addresses } from '../domain/addresses.ts';
import { requireVersion } from '../domain/version.ts';

export function replaceAddress(addresses: Addresses, clock: Clock): Handler<typeof UsersApi, 'replaceAddress'> {
  return async ({ userId, addressId, expectedVersion, ...fields }) => {
    const replaced = await addresses.update(userId, addressId, (address) => {
      requireVersion(address, expectedVersion);
      return replaceFields(address, fields, clock.now());
    });
    if (!replaced) throw UsersErrors.addressNotFound();
    return replaced;
  };
}
