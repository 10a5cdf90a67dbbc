import type { Handler } from '#platform/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import type { Addresses } from '../domain/addresses.ts';
import { requireVersion } from '../domain/version.ts';

export function removeAddress(addresses: Addresses): Handler<typeof UsersApi, 'removeAddress'> {
  return async ({ userId, addressId, expectedVersion }) => {
    const removed = await addresses.remove(userId, addressId, (address) => requireVersion(address, expectedVersion));
    if (!removed) throw UsersErrors.addressNotFound();
    return {};
  };
}
