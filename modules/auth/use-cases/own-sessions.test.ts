import { describe, expect, it } from 'vitest';
import { v7 as uuid } from 'uuid';
import { CallContext } from '#platform/context.ts';
import { anyContext, goodPassword, hour, minute, noon } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';

async function setUp() {
  const auth = inMemoryAuth();
  const { userId } = await auth.register(email);
  const tokens = await auth.logIn(email);
  const sessionId = sessionIn(tokens);
  const list = (fields: { cursor?: string; limit?: number } = {}) =>
    auth.useCases.listSessions({ userId, sessionId, limit: 20, ...fields }, anyContext);
  return { ...auth, userId, tokens, sessionId, list };
}

/** A request of a browser. */
const fromBrowser = (network: string, userAgent: string) =>
  new CallContext({
    deadline: anyContext.deadline,
    requestId: 'test',
    trace: anyContext.trace,
    origin: { network, userAgent },
  });

describe("a person's own sessions", () => {
  it('are listed with when, where from and which device, and which one asks', async () => {
    const { useCases, list, sessionId, clock } = await setUp();
    clock.advance(minute);
    const credentials = { email, password: goodPassword, address: '2001:db8::1' };
    const other = await useCases.logIn(credentials, fromBrowser('2001:db8:0:0::/64', 'Firefox'));
    clock.advance(hour);
    await useCases.refresh({ refreshToken: other.refreshToken }, fromBrowser('198.51.100.9', 'Firefox'));
    expect(await list()).toEqual({
      data: [
        {
          id: sessionId,
          startedAt: noon.toISOString(),
          lastUsedAt: noon.toISOString(),
          authenticatedAt: noon.toISOString(),
          network: '192.0.2.1',
          current: true,
        },
        {
          id: sessionIn(other),
          startedAt: '2030-01-01T12:01:00.000Z',
          lastUsedAt: '2030-01-01T13:01:00.000Z',
          authenticatedAt: '2030-01-01T12:01:00.000Z',
          network: '198.51.100.9',
          userAgent: 'Firefox',
          current: false,
        },
      ],
      nextCursor: null,
    });
  });

  it('come by pages', async () => {
    const { list, logIn, sessionId } = await setUp();
    const second = sessionIn(await logIn(email));
    expect(await list({ limit: 1 })).toMatchObject({ data: [{ id: sessionId }], nextCursor: sessionId });
    expect(await list({ limit: 1, cursor: sessionId })).toMatchObject({ data: [{ id: second }], nextCursor: null });
  });

  it('S29 can be ended one by one by nobody else', async () => {
    const { useCases, register, logIn, userId, sessionId } = await setUp();
    const eve = await register('eve@example.com');
    const other = sessionIn(await logIn(email));
    for (const claim of [
      { userId: eve.userId, sessionId: other },
      { userId, sessionId: uuid() },
    ])
      await expect(useCases.endSession(claim, anyContext)).rejects.toMatchObject({ code: 'auth.session-not-found' });
    await useCases.endSession({ userId, sessionId: other }, anyContext);
    expect(await useCases.isSessionLive({ sessionId: other }, anyContext)).toEqual({ live: false });
    expect(await useCases.isSessionLive({ sessionId }, anyContext)).toEqual({ live: true });
  });

  it('end at once but for the one that asks', async () => {
    const { useCases, list, logIn, userId, sessionId } = await setUp();
    await logIn(email);
    await logIn(email);
    await useCases.endOtherSessions({ userId, sessionId }, anyContext);
    expect((await list()).data.map(({ id }) => id)).toEqual([sessionId]);
  });
});

describe('stepping up', () => {
  it('with the password makes the session recent, and leaves its refresh token as it is', async () => {
    const { useCases, userId, sessionId, tokens, clock, list, refresh } = await setUp();
    clock.advance(hour);
    const renewed = await useCases.stepUp({ userId, sessionId, password: goodPassword }, anyContext);
    expect(renewed).toEqual({ accessToken: expect.any(String), expiresIn: 900, tokenType: 'Bearer' });
    expect(sessionIn(renewed)).toBe(sessionId);
    expect((await list()).data).toMatchObject([
      { startedAt: noon.toISOString(), authenticatedAt: '2030-01-01T13:00:00.000Z' },
    ]);
    await expect(refresh(tokens.refreshToken)).resolves.toBeDefined();
  });

  it('takes no wrong password, and S26 does not let it be guessed', async () => {
    const { useCases, userId, sessionId, hasher, list, clock } = await setUp();
    clock.advance(hour);
    const guess = () => useCases.stepUp({ userId, sessionId, password: 'a guess of the password' }, anyContext);
    await expect(guess()).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    const before = hasher.work;
    const codes = await Promise.all(Array.from({ length: 10 }, () => guess().catch(({ code }) => code)));
    expect(codes.filter((code) => code === 'auth.too-many-attempts').length).toBeGreaterThanOrEqual(7);
    expect(hasher.work - before).toBeLessThanOrEqual(3);
    expect((await list()).data).toMatchObject([{ authenticatedAt: noon.toISOString() }]);
  });

  it('takes no session that has ended, nor one of somebody else', async () => {
    const { useCases, userId, sessionId, register, logIn } = await setUp();
    await register('eve@example.com');
    const hers = sessionIn(await logIn('eve@example.com'));
    await useCases.endSession({ userId, sessionId }, anyContext);
    for (const session of [sessionId, hers])
      await expect(
        useCases.stepUp({ userId, sessionId: session, password: goodPassword }, anyContext),
      ).rejects.toMatchObject({ code: 'platform.unauthenticated' });
  });
});
