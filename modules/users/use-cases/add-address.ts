import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { addressBookLimit, UsersErrors, type UsersApi } from '../contract.ts';
import { newAddress } from '../domain/address.ts';
import type { Addresses } from '../domain/addresses.ts';

/** Needs no profile, so that it works before the registration has reached us without asking auth. */
export function addAddress(addresses: Addresses, clock: Clock): Handler<typeof UsersApi, 'addAddress'> {
  return async ({ userId, ...fields }) => {
    const address = newAddress(uuid(), fields, clock.now());
    const outcome = await addresses.add(userId, address, addressBookLimit);
    if (outcome === 'full') throw UsersErrors.tooManyAddresses();
    if (outcome === 'erased') throw UsersErrors.profileNotFound();
    return address;
  };
}
