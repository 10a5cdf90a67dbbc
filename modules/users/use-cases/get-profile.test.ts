import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { platformErrors } from '#platform/errors.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { anyContext, aRegistration, noon } from '../testing/people.ts';
import { getProfile } from './get-profile.ts';

function setUp() {
  const registration = aRegistration();
  const { profiles, people } = inMemoryPeople();
  const auth = authKnowing(registration);
  const get = getProfile(profiles, auth.getRegistration);
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
    const unreachable = () => Promise.reject(platformErrors.unavailable());
    const reading = getProfile(profiles, unreachable)({ userId: uuid() }, anyContext);
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('finds nobody who was erased, even while auth still knows them', async () => {
    const { registration, people, read } = setUp();
    await people.erase(registration.userId, noon);
    await expect(read()).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });
});
