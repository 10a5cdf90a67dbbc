import { describe, expect, it } from 'vitest';
import { anyContext, goodPassword, lifetimes } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';
const newPassword = 'another good password';

async function setUp() {
  const auth = inMemoryAuth();
  const { userId } = await auth.register(email);
  const tokens = await auth.logIn(email);
  const sessionId = sessionIn(tokens);
  auth.logger.lines.length = 0;
  return {
    ...auth,
    userId,
    tokens,
    sessionId,
    isLive: async (id = sessionId) => (await auth.useCases.isSessionLive({ sessionId: id }, anyContext)).live,
  };
}

describe('refreshing', () => {
  it('gives new tokens of the same session', async () => {
    const { refresh, tokens, sessionId } = await setUp();
    const next = await refresh(tokens.refreshToken);
    expect(next).toMatchObject({ tokenType: 'Bearer', expiresIn: 900 });
    expect(sessionIn(next)).toBe(sessionId);
    expect(next.refreshToken).not.toBe(tokens.refreshToken);
  });

  it('S13 with a used token ends the session, and is logged as a warning without the token', async () => {
    const { refresh, tokens, isLive, logger, userId, sessionId, clock } = await setUp();
    const next = await refresh(tokens.refreshToken);
    clock.advance(lifetimes.grace);
    await expect(refresh(tokens.refreshToken)).rejects.toMatchObject({
      code: 'auth.invalid-refresh-token',
      kind: 'unauthenticated',
    });
    await expect(refresh(next.refreshToken)).rejects.toMatchObject({ code: 'auth.invalid-refresh-token' });
    expect(await isLive()).toBe(false);
    expect(logger.lines).toEqual([
      { level: 'warn', message: expect.stringMatching(/second time/), fields: { userId, sessionId } },
    ]);
  });

  it('with an unknown token is refused', async () => {
    const { refresh, isLive } = await setUp();
    await expect(refresh('no such token')).rejects.toMatchObject({ code: 'auth.invalid-refresh-token' });
    expect(await isLive()).toBe(true);
  });
});

describe('logging out', () => {
  it('ends the session, and repeating it is no error', async () => {
    const { useCases, tokens, isLive, refresh } = await setUp();
    const { refreshToken } = tokens;
    for (let times = 0; times < 2; times++) expect(await useCases.logOut({ refreshToken }, anyContext)).toEqual({});
    expect(await isLive()).toBe(false);
    await expect(refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.invalid-refresh-token' });
  });
});

describe('changing the password', () => {
  it('S27 needs the current one', async () => {
    const { changePassword, userId, sessionId, logIn } = await setUp();
    await expect(
      changePassword({ userId, sessionId, currentPassword: 'not the right password' }),
    ).rejects.toMatchObject({
      code: 'auth.wrong-credentials',
    });
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('S27 ends the other sessions and keeps this one', async () => {
    const { changePassword, userId, sessionId, isLive, logIn } = await setUp();
    const other = sessionIn(await logIn(email));
    await changePassword({ userId, sessionId });
    expect([await isLive(), await isLive(other)]).toEqual([true, false]);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await expect(logIn(email, { password: newPassword })).resolves.toBeDefined();
  });

  it('S23 follows the same rules as registering', async () => {
    const { changePassword, userId, sessionId } = await setUp();
    for (const password of ['too short', 'passwordpassword', email]) {
      await expect(changePassword({ userId, sessionId, newPassword: password })).rejects.toMatchObject({
        code: 'auth.weak-password',
        fields: [{ path: '/newPassword' }],
      });
    }
  });

  it('S26 slows down guesses at the current one, without keeping the owner from logging in', async () => {
    const { changePassword, userId, sessionId, logIn } = await setUp();
    const guess = () =>
      changePassword({ userId, sessionId, currentPassword: 'a wrong guess of mine' }).catch(
        ({ code }) => code as string,
      );
    const answers = [await guess(), await guess(), await guess(), await guess(), await guess()];
    expect(answers.at(-1)).toBe('auth.too-many-attempts');
    await expect(changePassword({ userId, sessionId })).rejects.toMatchObject({ kind: 'too-many' });
    await expect(logIn(email, { address: '203.0.113.9' })).resolves.toBeDefined();
  });

  it('S38 succeeds once when it is tried twice at the same time', async () => {
    const { changePassword, userId, sessionId } = await setUp();
    const outcomes = await Promise.allSettled([
      changePassword({ userId, sessionId, newPassword: 'the first new password' }),
      changePassword({ userId, sessionId, newPassword: 'the second new password' }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('S40 is logged, without the passwords', async () => {
    const { changePassword, userId, sessionId, logger } = await setUp();
    await changePassword({ userId, sessionId, currentPassword: 'a wrong guess of mine' }).catch(() => {});
    await changePassword({ userId, sessionId });
    expect(logger.lines.map(({ level, fields }) => ({ level, fields }))).toEqual([
      { level: 'warn', fields: { userId } },
      { level: 'info', fields: { userId } },
    ]);
    for (const secret of [goodPassword, newPassword, 'a wrong guess', email]) expect(logger.text).not.toContain(secret);
  });
});
