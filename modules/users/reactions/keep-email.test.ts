import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { aProfile, noon } from '../testing/people.ts';
import { keepEmail } from './keep-email.ts';

async function setUp() {
  const { profiles } = inMemoryPeople();
  const profile = (await profiles.add(aProfile()))!;
  const react = (email: string, userId = profile.userId) =>
    keepEmail(profiles)(
      { userId, email, verifiedAt: noon.toISOString() },
      { eventId: uuid(), key: userId, occurredAt: noon, attempt: 1 },
    );
  return { profile, react, read: () => profiles.find(profile.userId) };
}

describe('a verified address', () => {
  it('shows in the profile', async () => {
    const { profile, react, read } = await setUp();
    expect(profile).toMatchObject({ emailVerified: false });
    await react(profile.email);
    const shown = { emailVerified: true, version: profile.version + 1, updatedAt: noon.toISOString() };
    expect(await read()).toEqual({ ...profile, ...shown });
  });

  it('takes the place of the one before', async () => {
    const { react, read } = await setUp();
    await react('ada@new.example');
    expect(await read()).toMatchObject({ email: 'ada@new.example', emailVerified: true });
  });

  it('of somebody who is not there any more is no failure', async () => {
    const { react } = await setUp();
    await expect(react('nobody@example.com', uuid())).resolves.toBeUndefined();
  });
});
