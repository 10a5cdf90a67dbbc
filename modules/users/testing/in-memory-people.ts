import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { InMemoryTable, inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import type { Address } from '../domain/address.ts';
import { Addresses } from '../domain/addresses.ts';
import { People } from '../domain/people.ts';
import type { Profile } from '../domain/profile.ts';
import { Profiles } from '../domain/profiles.ts';

interface Owned {
  readonly userId: string;
  readonly address: Address;
}

/** The three ports over one memory, with its transaction and its outbox. */
export function inMemoryPeople() {
  const profiles = new InMemoryTable<string, Profile>();
  const owned = new InMemoryTable<string, Owned>();
  const erased = new InMemoryTable<string, true>();

  const addressesOf = (userId: string) =>
    [...owned.values()].filter((each) => each.userId === userId).map(({ address }) => address);
  const addressOf = (userId: string, addressId: string) => addressesOf(userId).find(({ id }) => id === addressId);

  class InMemoryProfiles extends Profiles {
    async find(userId: string) {
      return profiles.get(userId);
    }
    async add(profile: Profile) {
      if (erased.has(profile.userId)) return undefined;
      if (!profiles.has(profile.userId)) profiles.set(profile.userId, profile);
      return profiles.get(profile.userId);
    }
    async update(userId: string, change: (profile: Profile) => Profile) {
      const profile = profiles.get(userId);
      if (profile) profiles.set(userId, change(profile));
      return profiles.get(userId);
    }
  }

  class InMemoryAddresses extends Addresses {
    async list(userId: string) {
      return addressesOf(userId);
    }
    async find(userId: string, addressId: string) {
      return addressOf(userId, addressId);
    }
    async add(userId: string, address: Address, limit: number) {
      if (erased.has(userId)) return 'erased';
      if (addressesOf(userId).length >= limit) return 'full';
      owned.set(address.id, { userId, address });
      return 'added';
    }
    async update(userId: string, addressId: string, change: (address: Address) => Address) {
      const address = addressOf(userId, addressId);
      if (address) owned.set(addressId, { userId, address: change(address) });
      return addressOf(userId, addressId);
    }
    async remove(userId: string, addressId: string, guard: (address: Address) => void) {
      const address = addressOf(userId, addressId);
      if (!address) return false;
      guard(address);
      return owned.delete(addressId);
    }
  }

  class InMemoryPeople extends People {
    async erase(userId: string, _erasedAt: Date) {
      if (erased.has(userId)) return false;
      erased.set(userId, true);
      profiles.delete(userId);
      for (const { id } of addressesOf(userId)) owned.delete(id);
      return true;
    }
  }

  return {
    transaction: inMemoryTransaction(),
    profiles: new InMemoryProfiles(),
    addresses: new InMemoryAddresses(),
    people: new InMemoryPeople(),
    outbox: new InMemoryOutbox(),
  };
}
