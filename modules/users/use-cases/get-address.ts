import type { Handler } from '#platform/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import type { Addresses } from '../domain/addresses.ts';

export function getAddress(addresses: Addresses): Handler<typeof UsersApi, 'getAddress'> {
  return async ({ userId, addressId }) => {
    const address = await addresses.find(userId, addressId);
    if (!address) throw UsersErrors.addressNotFound();
    return address;
  };
}
