import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anyContext, hour, noon } from '../testing/accounts.ts';
import { anApplication } from '../testing/applications.suite.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';
import { InMemoryIdentities } from '../testing/in-memory-identities.ts';
import { forgetPerson } from '../reactions/forget-person.ts';
import { exportPersonalData } from './export-personal-data.ts';
import { getRegistration } from './get-registration.ts';

const email = 'ada@example.com';
const delivery = { eventId: uuid(), key: '', occurredAt: noon, attempt: 1 };

async function setUp() {
  const auth = inMemoryAuth();
  const { userId } = await auth.register(email);
  const identities = new InMemoryIdentities(auth.accounts);
  const { accounts, sessions, throttle, logger } = auth;
  const erase = forgetPerson(accounts, throttle, logger);
  return {
    ...auth,
    identities,
    userId,
    erase: () => erase({ userId, erasedAt: noon.toISOString() }, delivery),
    registrationOf: (id: string) => getRegistration(accounts)({ userId: id }, anyContext),
    dataOf: (id: string) =>
      exportPersonalData(accounts, sessions, identities, auth.consents)({ userId: id }, anyContext),
  };
}

describe('what auth knows about a person', () => {
  it('is their registration', async () => {
    const { registrationOf, userId } = await setUp();
    expect(await registrationOf(userId)).toEqual({
      userId,
      email,
      emailVerified: false,
      name: 'Ada',
      registeredAt: noon.toISOString(),
    });
    await expect(registrationOf(uuid())).rejects.toMatchObject({ code: 'auth.account-not-found' });
  });

  it('is exported with their sessions, without secrets', async () => {
    const { dataOf, userId, logIn, clock, refresh } = await setUp();
    const { refreshToken } = await logIn(email);
    clock.advance(hour);
    await refresh(refreshToken);
    expect(await dataOf(userId)).toEqual({
      email,
      emailVerifiedAt: null,
      name: 'Ada',
      roles: ['customer'],
      registeredAt: noon.toISOString(),
      sessions: [
        {
          startedAt: noon.toISOString(),
          lastUsedAt: '2030-01-01T13:00:00.000Z',
          authenticatedAt: noon.toISOString(),
          network: '192.0.2.1',
        },
      ],
      nextCursor: null,
    });
  });

  it('is exported with what applications were allowed, once', async () => {
    const { dataOf, userId, applications, consents, accounts, sessions, identities } = await setUp();
    const { id: applicationId } = anApplication({ name: 'Notes' });
    await applications.add(anApplication({ id: applicationId, name: 'Notes' }));
    await consents.give({ accountId: userId, applicationId, scopes: ['openid'], givenAt: noon });
    const expected = [{ application: 'Notes', scopes: ['openid'], givenAt: noon.toISOString() }];
    expect((await dataOf(userId)).allowed).toEqual({ consents: expected });
    const later = exportPersonalData(accounts, sessions, identities, consents);
    expect(await later({ userId, cursor: uuid(), limit: 1 }, anyContext)).not.toHaveProperty('allowed');
  });

  it('is exported with every role', async () => {
    const { dataOf, accounts, userId } = await setUp();
    const account = await accounts.find(userId);
    await accounts.add({
      ...account!,
      id: uuid(),
      email: 'staff@example.com',
      roles: ['customer', 'support', 'admin'],
    });
    const { id } = (await accounts.findByEmail('staff@example.com'))!;
    expect(await dataOf(id)).toMatchObject({ roles: ['customer', 'admin'], staff: { roles: ['support'] } });
  });

  it('is exported with the accounts elsewhere that log them in', async () => {
    const { dataOf, identities, userId } = await setUp();
    const id = uuid();
    const identity = { id, accountId: userId, issuer: 'https://id.example', subject: '1', provider: 'acme' };
    await identities.add({ ...identity, email: 'ada@elsewhere.example', connectedAt: noon });
    expect((await dataOf(userId)).connected?.identities).toEqual([
      { id, provider: 'acme', email: 'ada@elsewhere.example', connectedAt: noon.toISOString() },
    ]);
  });

  it('is nothing about a stranger', async () => {
    const { dataOf } = await setUp();
    expect(await dataOf(uuid())).toEqual({ roles: [], sessions: [], nextCursor: null });
  });

  it('is exported by pages, however many sessions there are', async () => {
    const { accounts, sessions, identities, consents, userId, logIn } = await setUp();
    for (let index = 0; index < 5; index++) await logIn(email);
    const page = (cursor: string | null | undefined) =>
      exportPersonalData(
        accounts,
        sessions,
        identities,
        consents,
      )({ userId, limit: 2, ...(cursor && { cursor }) }, anyContext);
    const counts: number[] = [];
    let cursor: string | null | undefined;
    do {
      const { sessions: listed, nextCursor } = await page(cursor);
      counts.push(listed.length);
      cursor = nextCursor;
    } while (cursor);
    expect(counts).toEqual([2, 2, 1]);
  });
});

describe('erasing a person', () => {
  it('S28 puts them out at once and leaves nothing', async () => {
    const { erase, logIn, sessions, endings, dataOf, userId } = await setUp();
    const session = sessionIn(await logIn(email));
    const told: string[] = [];
    endings.onEnded((id) => told.push(id));
    await erase();
    expect(await sessions.isLive(session)).toBe(false);
    expect(told).toEqual([session]);
    expect(await dataOf(userId)).toEqual({ roles: [], sessions: [], nextCursor: null });
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
  });

  it('forgets the attempts that were counted on them, and frees their e-mail address', async () => {
    const { erase, logIn, register } = await setUp();
    const address = '203.0.113.4';
    for (let guess = 0; guess < 5; guess++)
      await logIn(email, { password: 'a wrong guess of mine', address }).catch(() => {});
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
    await erase();
    await register(email);
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('is logged without personal data, and repeating it is harmless', async () => {
    const { erase, logger, userId } = await setUp();
    logger.lines.length = 0;
    await erase();
    await erase();
    expect(logger.lines).toEqual([{ level: 'info', message: 'An account was erased.', fields: { userId } }]);
  });
});
