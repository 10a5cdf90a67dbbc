import { v7 as uuid } from 'uuid';
import type { AddressFields } from '../domain/address.ts';
import { addAddress } from '../use-cases/add-address.ts';
import { getAddress } from '../use-cases/get-address.ts';
import { listAddresses } from '../use-cases/list-addresses.ts';
import { removeAddress } from '../use-cases/remove-address.ts';
import { replaceAddress } from '../use-cases/replace-address.ts';
import { inMemoryPeople } from './in-memory-people.ts';
import { anyContext, atHome, noon } from './people.ts';

/** Somebody's empty address book in memory, and a clock that stands still until told otherwise. */
export function anAddressBook() {
  const { addresses, people } = inMemoryPeople();
  const userId = uuid();
  let now = noon;
  const clock = { now: () => now };
  const [add, get, list] = [addAddress(addresses, clock), getAddress(addresses), listAddresses(addresses)];
  const [replace, remove] = [replaceAddress(addresses, clock), removeAddress(addresses)];
  return {
    add: (fields = atHome) => add({ userId, ...fields }, anyContext),
    list: async (whose = userId) => (await list({ userId: whose }, anyContext)).addresses,
    get: (addressId: string, whose = userId) => get({ userId: whose, addressId }, anyContext),
    replace: (addressId: string, fields: AddressFields & { expectedVersion?: number; userId?: string }) =>
      replace({ userId, addressId, ...fields }, anyContext),
    remove: (addressId: string, about: { expectedVersion?: number; userId?: string } = {}) =>
      remove({ userId, addressId, ...about }, anyContext),
    eraseOwner: () => people.erase(userId, noon),
    /** Moves the clock on and returns the new time. */
    anHourPasses: () => (now = new Date(now.getTime() + 3_600_000)).toISOString(),
  };
}

export const notFound = { code: 'users.address-not-found', kind: 'not-found' };
export const changedMeanwhile = { code: 'users.changed-meanwhile', kind: 'conflict' };
