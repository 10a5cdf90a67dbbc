import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Address, Profile } from '../contract.ts';
import { Addresses } from '../domain/addresses.ts';
import { People } from '../domain/people.ts';
import { Profiles } from '../domain/profiles.ts';

interface Person {
  profile?: Profile;
  addresses: Map<string, Address>;
}

/** The three ports over one memory, and what was announced. */
export function inMemoryPeople() {
  const people = new Map<string, Person>();
  const erased = new Set<string>();
  const outbox = new InMemoryOutbox();

  const personOf = (userId: string): Person => {
    const person = people.get(userId) ?? { addresses: new Map() };
    people.set(userId, person);
    return person;
  };
  const addressesOf = (userId: string) => people.get(userId)?.addresses ?? new Map<string, Address>();

  class InMemoryProfiles extends Profiles {
    async find(userId: string) {
      return people.get(userId)?.profile;
    }
    async add(profile: Profile) {
      return erased.has(profile.userId) ? undefined : (personOf(profile.userId).profile ??= profile);
    }
    async update(userId: string, change: (profile: Profile) => Profile) {
      const person = people.get(userId);
      return person?.profile && (person.profile = change(person.profile));
    }
  }

  class InMemoryAddresses extends Addresses {
    async list(userId: string) {
      return [...addressesOf(userId).values()];
    }
    async find(userId: string, addressId: string) {
      return addressesOf(userId).get(addressId);
    }
    async add(userId: string, address: Address, limit: number) {
      if (erased.has(userId)) return 'erased';
      const { addresses } = personOf(userId);
      if (addresses.size >= limit) return 'full';
      addresses.set(address.id, address);
      return 'added';
    }
    async update(userId: string, addressId: string, change: (address: Address) => Address) {
      const addresses = addressesOf(userId);
      const address = addresses.get(addressId);
      if (!address) return undefined;
      const changed = change(address);
      addresses.set(addressId, changed);
      return changed;
    }
    async remove(userId: string, addressId: string, guard: (address: Address) => void) {
      const addresses = addressesOf(userId);
      const address = addresses.get(addressId);
      if (!address) return false;
      guard(address);
      return addresses.delete(addressId);
    }
  }

  class InMemoryEveryone extends People {
    async erase(userId: string, _erasedAt: Date, announce: (outbox: Outbox) => void) {
      if (erased.has(userId)) return;
      announce(outbox);
      erased.add(userId);
      people.delete(userId);
    }
  }

  return {
    profiles: new InMemoryProfiles(),
    addresses: new InMemoryAddresses(),
    people: new InMemoryEveryone(),
    announced: outbox.events,
  };
}
