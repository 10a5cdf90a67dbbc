import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import type { Profile } from '../domain/profile.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { anyContext, aRegistration, noon } from '../testing/people.ts';
import { getProfile } from '../use-cases/get-profile.ts';
import { createProfile } from './create-profile.ts';

function setUp() {
  const registration = aRegistration();
  const { userId } = registration;
  const { profiles, people } = inMemoryPeople();
  const react = createProfile(profiles);
  const get = getProfile(profiles, authKnowing(registration).getRegistration);
  return {
    registration,
    userId,
    profiles,
    people,
    arrive: () => react(registration, { eventId: uuid(), key: userId, occurredAt: noon, attempt: 1 }),
    read: () => get({ userId }, anyContext),
  };
}

describe('the registration event', () => {
  it('creates the very profile that reading would have', async () => {
    const [early, late] = [setUp(), setUp()];
    await early.arrive();
    const created = await early.profiles.find(early.userId);
    expect({ ...created, userId: late.userId }).toEqual(await late.read());
  });

  it('leaves a profile alone that was read and changed before it came', async () => {
    const { userId, profiles, arrive, read } = setUp();
    await read();
    const rename = (profile: Profile) => ({ ...profile, name: 'Countess', version: 2 });
    const changed = await profiles.update(userId, rename);
    await arrive();
    expect(await read()).toEqual(changed);
  });

  it('does not bring back somebody who was erased before it came', async () => {
    const { userId, profiles, people, arrive } = setUp();
    await people.erase(userId, noon);
    await arrive();
    expect(await profiles.find(userId)).toBeUndefined();
  });
});
