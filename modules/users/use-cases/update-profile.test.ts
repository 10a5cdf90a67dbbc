import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { anyContext, aRegistration, noon } from '../testing/people.ts';
import { updateProfile } from './update-profile.ts';

function setUp() {
  const registration = aRegistration();
  const { profiles } = inMemoryPeople();
  const update = updateProfile(profiles, authKnowing(registration).getRegistration, { now: () => noon });
  const { userId } = registration;
  return { registration, profiles, update: (changes: object) => update({ userId, ...changes }, anyContext) };
}

describe('changing a profile', () => {
  it('works before the registration event has arrived', async () => {
    const { registration, update } = setUp();
    expect(await update({ phone: '+44 20 7946 0000' })).toEqual({
      userId: registration.userId,
      emailVerified: false,
      email: registration.email,
      name: registration.name,
      phone: '+44 20 7946 0000',
      version: 2,
      createdAt: registration.registeredAt,
      updatedAt: noon.toISOString(),
    });
  });

  it('leaves what is not given, and removes what is null', async () => {
    const { update } = setUp();
    await update({ phone: '112' });
    expect(await update({ name: 'Countess' })).toMatchObject({ name: 'Countess', phone: '112' });
    expect(await update({ phone: null })).toMatchObject({ name: 'Countess', phone: null });
  });

  it('refuses to overwrite what its author has not seen', async () => {
    const { registration, profiles, update } = setUp();
    await update({ name: 'Countess', expectedVersion: 1 });
    const late = update({ name: 'Enchantress', expectedVersion: 1 });
    await expect(late).rejects.toMatchObject({ code: 'users.changed-meanwhile', kind: 'conflict' });
    expect(await profiles.find(registration.userId)).toMatchObject({ name: 'Countess', version: 2 });
  });

  it('finds nobody where there is no account', async () => {
    const { update } = setUp();
    await expect(update({ userId: uuid(), name: 'Nobody' })).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });
});
