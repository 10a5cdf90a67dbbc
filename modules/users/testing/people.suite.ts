/** The suite that the ports of users must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import type { Address } from '../domain/address.ts';
import type { Addresses } from '../domain/addresses.ts';
import type { People } from '../domain/people.ts';
import type { Profile } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';
import { anAddress, aProfile, atWork, noon } from './people.ts';

export interface Ports {
  profiles: Profiles;
  addresses: Addresses;
  people: People;
  transaction: Transaction;
}

const renamed =
  (name: string) =>
  (profile: Profile): Profile => ({ ...profile, name, version: profile.version + 1 });
const inParallel = <T>(times: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: times }, (_, index) => work(index)));

export function peopleSuite(make: () => Promise<Ports>): void {
  let ports: Ports;
  beforeEach(async () => {
    ports = await make();
  });

  describe('profiles', () => {
    it('are found as they were added', async () => {
      const profile = aProfile();
      expect(await ports.profiles.add(profile)).toEqual(profile);
      expect(await ports.profiles.find(profile.userId)).toEqual(profile);
      expect(await ports.profiles.find(uuid())).toBeUndefined();
    });

    it('keep what is stored when they are added again, also at the same time', async () => {
      const profile = aProfile();
      const added = await inParallel(8, (index) => ports.profiles.add({ ...profile, name: `Ada ${index}` }));
      const stored = await ports.profiles.find(profile.userId);
      expect(added).toEqual(added.map(() => stored));
    });

    it('are changed by nobody else than their change', async () => {
      const [ada, bob] = [aProfile(), aProfile({ email: 'bob@example.com', name: 'Bob' })];
      await ports.profiles.add(ada);
      await ports.profiles.add(bob);
      const updatedAt = noon.toISOString();
      const change = (profile: Profile) => ({ ...profile, name: 'Countess', phone: '+44 20', version: 2, updatedAt });
      expect(await ports.profiles.update(ada.userId, change)).toEqual(change(ada));
      expect(await ports.profiles.find(ada.userId)).toEqual(change(ada));
      expect(await ports.profiles.find(bob.userId)).toEqual(bob);
      expect(await ports.profiles.update(uuid(), change)).toBeUndefined();
    });

    it('stay as they are when the change refuses', async () => {
      const profile = aProfile();
      await ports.profiles.add(profile);
      const refuse = () => {
        throw new Error('not like this');
      };
      await expect(ports.profiles.update(profile.userId, refuse)).rejects.toThrow('not like this');
      expect(await ports.profiles.find(profile.userId)).toEqual(profile);
    });

    it('lose no change among many at the same time', async () => {
      const profile = aProfile({ name: '' });
      await ports.profiles.add(profile);
      await inParallel(40, () => ports.profiles.update(profile.userId, (now) => renamed(`${now.name}+`)(now)));
      expect(await ports.profiles.find(profile.userId)).toMatchObject({ name: '+'.repeat(40), version: 41 });
    });
  });

  describe('addresses', () => {
    it('are listed in the order they were added, with and without what is optional', async () => {
      const userId = uuid();
      const [home, work] = [anAddress(), anAddress(atWork)];
      expect(await ports.addresses.add(userId, home, 50)).toBe('added');
      expect(await ports.addresses.add(userId, work, 50)).toBe('added');
      expect(await ports.addresses.list(userId)).toEqual([home, work]);
      expect(await ports.addresses.find(userId, work.id)).toEqual(work);
    });

    it('never exceed the limit, however many are added at the same time', async () => {
      const userId = uuid();
      const outcomes = await inParallel(6, () => ports.addresses.add(userId, anAddress(), 4));
      expect(outcomes.filter((outcome) => outcome === 'full')).toHaveLength(2);
      expect(await ports.addresses.list(userId)).toHaveLength(4);
    });

    it('of another person are as good as none', async () => {
      const [owner, stranger, address] = [uuid(), uuid(), anAddress()];
      await ports.addresses.add(owner, address, 50);
      expect(await ports.addresses.list(stranger)).toEqual([]);
      expect(await ports.addresses.find(stranger, address.id)).toBeUndefined();
      expect(await ports.addresses.update(stranger, address.id, (same) => same)).toBeUndefined();
      expect(await ports.addresses.remove(stranger, address.id, () => {})).toBe(false);
      expect(await ports.addresses.list(owner)).toEqual([address]);
    });

    it('are replaced as a whole', async () => {
      const [userId, address] = [uuid(), anAddress()];
      await ports.addresses.add(userId, address, 50);
      const replaced: Address = { ...anAddress(atWork), id: address.id, version: 2 };
      expect(await ports.addresses.update(userId, address.id, () => replaced)).toEqual(replaced);
      expect(await ports.addresses.find(userId, address.id)).toEqual(replaced);
    });

    it('lose no change among many at the same time', async () => {
      const [userId, address] = [uuid(), anAddress()];
      await ports.addresses.add(userId, { ...address, city: '' }, 50);
      const append = (now: Address): Address => ({ ...now, city: `${now.city}+`, version: now.version + 1 });
      await inParallel(40, () => ports.addresses.update(userId, address.id, append));
      expect(await ports.addresses.find(userId, address.id)).toMatchObject({ city: '+'.repeat(40), version: 41 });
    });

    it('are removed once, and not against the guard', async () => {
      const [userId, address] = [uuid(), anAddress()];
      await ports.addresses.add(userId, address, 50);
      const refuse = () => {
        throw new Error('not this one');
      };
      await expect(ports.addresses.remove(userId, address.id, refuse)).rejects.toThrow('not this one');
      const removed = await inParallel(3, () => ports.addresses.remove(userId, address.id, () => {}));
      expect(removed.filter(Boolean)).toHaveLength(1);
      expect(await ports.addresses.list(userId)).toEqual([]);
    });
  });

  describe('an erased person', () => {
    const erase = (userId: string) => ports.people.erase(userId, noon);

    it('has no profile and no addresses, while others keep theirs', async () => {
      const [ada, bob] = [aProfile(), aProfile()];
      for (const { userId } of [ada, bob]) await ports.addresses.add(userId, anAddress(), 50);
      for (const profile of [ada, bob]) await ports.profiles.add(profile);
      await erase(ada.userId);
      expect(await ports.profiles.find(ada.userId)).toBeUndefined();
      expect(await ports.addresses.list(ada.userId)).toEqual([]);
      expect(await ports.profiles.find(bob.userId)).toEqual(bob);
      expect(await ports.addresses.list(bob.userId)).toHaveLength(1);
    });

    it('is erased once, however often that is asked for', async () => {
      const { userId } = aProfile();
      const erased = await inParallel(4, () => erase(userId));
      expect(erased.filter(Boolean)).toHaveLength(1);
    });

    it('is not brought back by a registration that comes late, or a new address', async () => {
      const profile = aProfile();
      await erase(profile.userId);
      expect(await ports.profiles.add(profile)).toBeUndefined();
      expect(await ports.profiles.find(profile.userId)).toBeUndefined();
      expect(await ports.addresses.add(profile.userId, anAddress(), 50)).toBe('erased');
      expect(await ports.addresses.list(profile.userId)).toEqual([]);
    });

    it('is not brought back by what happens at the same time', async () => {
      const people = Array.from({ length: 10 }, () => aProfile());
      await Promise.all(
        people.flatMap((profile) => [
          ports.profiles.add(profile),
          ports.addresses.add(profile.userId, anAddress(), 50),
          erase(profile.userId),
          ports.profiles.update(profile.userId, renamed('Zombie')),
        ]),
      );
      for (const { userId } of people) {
        expect(await ports.profiles.find(userId)).toBeUndefined();
        expect(await ports.addresses.list(userId)).toEqual([]);
      }
    });

    it('is still there, with all that is theirs, when what goes with it fails', async () => {
      const [profile, address] = [aProfile(), anAddress()];
      await ports.profiles.add(profile);
      await ports.addresses.add(profile.userId, address, 50);
      const failing = ports.transaction(async () => {
        await erase(profile.userId);
        throw new Error('The outbox refuses.');
      });
      await expect(failing).rejects.toThrow('The outbox refuses.');
      expect(await ports.profiles.find(profile.userId)).toEqual(profile);
      expect(await ports.addresses.list(profile.userId)).toEqual([address]);
      expect(await erase(profile.userId)).toBe(true);
    });
  });
}
