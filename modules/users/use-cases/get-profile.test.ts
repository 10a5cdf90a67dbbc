import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { platformErrors } from '#platform/errors.ts';
import type { Profile } from '../contract.ts';
import { createProfile } from '../reactions/create-profile.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { anyContext, aRegistration, noon } from '../testing/people.ts';
import { getProfile } from './get-profile.ts';

function setUp() {
  const registration = aRegistration();
  const { profiles, people } = inMemoryPeople();
  const auth = authKnowing(registration);
  const get = getProfile(profiles, auth);
  return { registration, profiles, people, auth, read: (userId = registration.userId) => get({ userId }, anyContext) };
}

describe('reading a profile', () => {
  it('works before the registration event has arrived', async () => {
    const { registration, read } = setUp();
    expect(await read()).toMatchObject({ email: registration.email, name: registration.name, phone: null, version: 1 });
  });

  it('does not need auth once the profile is known', async () => {
    const { registration, auth, read } = setUp();
    const first = await read();
    auth.accounts.delete(registration.userId);
    expect(await read()).toEqual(first);
  });

  it('finds nobody where there is no account', async () => {
    const { read } = setUp();
    await expect(read(uuid())).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });

  it('does not take an unreachable auth for a missing account', async () => {
    const { profiles } = inMemoryPeople();
    const unreachable = { getRegistration: () => Promise.reject(platformErrors.unavailable()) };
    const reading = getProfile(profiles, unreachable)({ userId: uuid() }, anyContext);
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('finds nobody who was erased, even while auth still knows them', async () => {
    const { registration, people, read } = setUp();
    await people.erase(registration.userId, noon, () => {});
    await expect(read()).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });
});

describe('the registration event', () => {
  const delivery = { eventId: uuid(), key: 'key', occurredAt: noon, attempt: 1 };

  it('creates the very profile that reading would have', async () => {
    const { registration, profiles, read } = setUp();
    await createProfile(profiles)(registration, delivery);
    const created = await profiles.find(registration.userId);
    expect(created).toMatchObject({ email: registration.email });
    expect(await read()).toEqual(created);
  });

  it('leaves a profile alone that was read and changed before it came', async () => {
    const { registration, profiles, read } = setUp();
    await read();
    const rename = (profile: Profile) => ({ ...profile, name: 'Countess', version: 2 });
    const changed = await profiles.update(registration.userId, rename);
    await createProfile(profiles)(registration, delivery);
    expect(await read()).toEqual(changed);
  });

  it('does not bring back somebody who was erased before it came', async () => {
    const { registration, profiles, people } = setUp();
    await people.erase(registration.userId, noon, () => {});
    await createProfile(profiles)(registration, delivery);
    expect(await profiles.find(registration.userId)).toBeUndefined();
  });
});
