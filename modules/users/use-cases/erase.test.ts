import { describe, expect, it } from 'vitest';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { anAddress, anyContext, aProfile, noon } from '../testing/people.ts';
import { authKnowing } from '../testing/other-modules.ts';
import { erase } from './erase.ts';

function setUp() {
  const profile = aProfile();
  const { transaction, profiles, addresses, people, outbox } = inMemoryPeople();
  const auth = authKnowing();
  const eraseNow = erase(transaction, people, outbox, auth.allowErasure, { now: () => noon });
  const { userId } = profile;
  const whole = (password?: string) => eraseNow({ userId, password }, anyContext);
  return { profile, userId, profiles, addresses, outbox, erase: whole };
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
    const { profile, userId, profiles, outbox, erase } = setUp();
    await profiles.add(profile);
    await expect(erase('a wrong password')).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    expect(await profiles.find(userId)).toEqual(profile);
    expect(outbox.events).toEqual([]);
  });

  it('tells the other modules once, with nothing but the id', async () => {
    const { userId, outbox, erase } = setUp();
    await erase();
    await erase();
    expect(outbox.events).toEqual([{ name: 'users.person-erased', payload: { userId, erasedAt: noon.toISOString() } }]);
  });

  it('erases nothing when the other modules cannot be told', async () => {
    const { profile, userId, profiles, outbox, erase } = setUp();
    await profiles.add(profile);
    outbox.add = () => {
      throw new Error('The outbox refuses.');
    };
    await expect(erase()).rejects.toThrow('The outbox refuses.');
    expect(await profiles.find(userId)).toEqual(profile);
  });
});
