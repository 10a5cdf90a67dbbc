import { describe, expect, it } from 'vitest';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { anAddress, anyContext, aProfile, noon } from '../testing/people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { erase } from './erase.ts';

function setUp() {
  const profile = aProfile();
  const { profiles, addresses, people, announced } = inMemoryPeople();
  const auth = authKnowing();
  const eraseNow = erase(people, auth.allowErasure, { now: () => noon });
  const { userId } = profile;
  const whole = (password?: string) => eraseNow({ userId, password }, anyContext);
  return { profile, userId, profiles, addresses, announced, erase: whole };
}

describe('erasing a person', () => {
  it('deletes their profile and addresses', async () => {
    const { profile, userId, profiles, addresses, erase } = setUp();
    await profiles.add(profile);
    await addresses.add(userId, anAddress(), 50);
    await erase();
    expect(await profiles.find(userId)).toBeUndefined();
    expect(await addresses.list(userId)).toEqual([]);
  });

  it('S27 does nothing where auth does not allow it', async () => {
    const { profile, userId, profiles, announced, erase } = setUp();
    await profiles.add(profile);
    await expect(erase('a wrong password')).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    expect(await profiles.find(userId)).toEqual(profile);
    expect(announced).toEqual([]);
  });

  it('tells the other modules once, with nothing but the id', async () => {
    const { userId, announced, erase } = setUp();
    await erase();
    await erase();
    expect(announced).toEqual([
      { name: 'users.person-erased', payload: { userId, erasedAt: noon.toISOString() } },
    ]);
  });
});
