import { describe, expect, it } from 'vitest';
import { anAccount, anyContext, goodPassword, second } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';
const wrong = { password: 'not the right password' };
const newPassword = 'another good password';
const elsewhere = { address: '203.0.113.66' };

async function setUp(allowance = {}) {
  const auth = inMemoryAuth(allowance);
  const { userId } = await auth.register(email);
  auth.logger.lines.length = 0;
  const attempt = (fields: { password?: string; address?: string; deviceToken?: string } = {}, who = email) =>
    auth.logIn(who, fields).then(
      () => 'in',
      ({ code }) => code as string,
    );
  const attempts = async (times: number, ...args: Parameters<typeof attempt>) => {
    const answers = [];
    for (let count = 0; count < times; count++) answers.push(await attempt(...args));
    return answers;
  };
  return { ...auth, userId, attempt, attempts };
}
const [refused, delayed] = ['auth.wrong-credentials', 'auth.too-many-attempts'];

describe('logging in', () => {
  it('starts a session with tokens for it', async () => {
    const { logIn, sessions, userId } = await setUp();
    const answer = await logIn(email);
    expect(answer).toEqual({
      accessToken: `${userId} ${sessionIn(answer)} customer`,
      refreshToken: expect.any(String),
      deviceToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    });
    expect(await sessions.isLive(sessionIn(answer))).toBe(true);
  });

  it('S25 costs the same work and gets the same answer, whether the account exists or not', async () => {
    const { logIn, hasher } = await setUp();
    const failures = [];
    const work = [];
    for (const who of [email, 'nobody@example.com']) {
      const before = hasher.work;
      failures.push(
        await logIn(who, wrong).catch(({ code, kind, message, fields }) => ({ code, kind, message, fields })),
      );
      work.push(hasher.work - before);
    }
    expect(work).toEqual([1, 1]);
    expect(failures[0]).toEqual(failures[1]);
    expect(failures[0]).toMatchObject({ code: refused, kind: 'unauthenticated' });
  });

  it('S25 is delayed the same, whether the account exists or not', async () => {
    const { attempts } = await setUp();
    expect(await attempts(6, wrong)).toEqual(await attempts(6, { ...wrong, ...elsewhere }, 'nobody@example.com'));
  });

  it('S26 slows down guesses at one account, whatever address they come from', async () => {
    const { attempts, attempt, logIn, clock } = await setUp();
    const guesses = [];
    for (let host = 1; host <= 5; host++)
      guesses.push(...(await attempts(1, { ...wrong, address: `203.0.113.${host}` })));
    expect(guesses).toEqual([refused, refused, refused, refused, delayed]);
    await expect(logIn(email)).rejects.toMatchObject({ kind: 'too-many', retryAfter: 1 });
    clock.advance(second);
    expect(await attempt()).toBe('in');
  });

  it('S26 slows down guesses from one address, whatever account they aim at', async () => {
    const { attempt, clock } = await setUp();
    const guesses = [];
    for (let person = 0; person < 8; person++) guesses.push(await attempt(wrong, `person-${person}@example.com`));
    expect(guesses).toEqual([...Array.from({ length: 7 }, () => refused), delayed]);
    expect(await attempt(), 'the right password from there').toBe(delayed);
    expect(await attempt(elsewhere)).toBe('in');
    clock.advance(second);
    expect(await attempt()).toBe('in');
  });

  it('S26 counts an IPv6 network as one address', async () => {
    const { attempt } = await setUp({ failuresPerAccount: 100 });
    const guesses = [];
    for (let host = 1; host <= 8; host++) guesses.push(await attempt({ ...wrong, address: `2001:db8:1:2::${host}` }));
    expect(guesses.at(-1)).toBe(delayed);
    expect(await attempt({ address: '2001:db8:1:3::1' })).toBe('in');
  });

  it('S26 waits a quarter of an hour at most', async () => {
    const { attempt, clock, logIn } = await setUp();
    for (let guess = 0; guess < 40; guess++) {
      await attempt({ ...wrong, address: `203.0.113.${guess}` });
      const failure = await logIn(email).then(
        () => ({ retryAfter: 0 }),
        (error: { retryAfter: number }) => error,
      );
      expect(failure.retryAfter).toBeLessThanOrEqual(15 * 60);
      clock.advance(failure.retryAfter * second);
    }
  });

  it('S26 does not keep the owner out on a device of theirs, however hard strangers try', async () => {
    const { attempt, attempts, logIn } = await setUp();
    const { deviceToken = '' } = await logIn(email);
    for (let host = 1; host < 9; host++) await attempts(3, { ...wrong, address: `203.0.113.${host}` });
    expect(await attempt(), 'right, but on a strange device').toBe(delayed);
    expect(await attempt({ deviceToken: 'made up' })).toBe(delayed);
    expect((await logIn(email, { deviceToken })).deviceToken, 'the same from now on').toBe(deviceToken);
  });

  it('S26 limits guesses on a device of the account by themselves', async () => {
    const { attempt, attempts, logIn } = await setUp();
    const { deviceToken = '' } = await logIn(email);
    expect(await attempts(5, { ...wrong, deviceToken })).toEqual([refused, refused, refused, refused, delayed]);
    expect(await attempt({ deviceToken }), 'right or not').toBe(delayed);
    expect(await attempt(), 'and nobody else').toBe('in');
  });

  it('S26 lets the owner past what others of their network did, and counts what they do', async () => {
    const { attempt, attempts, logIn } = await setUp();
    const { deviceToken = '' } = await logIn(email);
    for (let person = 0; person < 7; person++) await attempt(wrong, `person-${person}@example.com`);
    expect(await attempt({}, 'anybody@example.com')).toBe(delayed);
    expect(await attempt({ deviceToken })).toBe('in');

    const others = await setUp();
    const { deviceToken: device = '' } = await others.logIn(email);
    await others.attempts(4, { ...wrong, deviceToken: device });
    expect(await others.attempts(4, wrong, 'somebody@example.com')).toEqual([refused, refused, refused, delayed]);
    expect(await attempts(1, { deviceToken })).toEqual(['in']);
  });

  it('S26 tells nobody from where the owner is logged in', async () => {
    const { attempt, attempts } = await setUp();
    expect(await attempt()).toBe('in');
    await attempts(5, { ...wrong, ...elsewhere });
    expect(await attempts(2, wrong), 'from the network of the owner').toEqual([delayed, delayed]);
  });

  it('S26 limits logins that succeed, by account and by network, and no failure counts as one', async () => {
    const one = await setUp({ loginsPerAccount: 3 });
    await one.attempts(3, wrong);
    expect(await one.attempts(5)).toEqual(['in', 'in', 'in', 'in', delayed]);
    expect(await one.attempt(wrong), 'right or not').toBe(delayed);
    one.clock.advance(second);
    expect(await one.attempts(2)).toEqual(['in', delayed]);

    const { attempt, attempts, register } = await setUp({ loginsPerAddress: 3 });
    await register('bob@example.com');
    expect(await attempts(2)).toEqual(['in', 'in']);
    expect(await attempts(3, {}, 'bob@example.com')).toEqual(['in', 'in', delayed]);
    expect(await attempt(elsewhere)).toBe('in');
  });

  it('S26 does not count what was right', async () => {
    const { attempts } = await setUp();
    expect(new Set(await attempts(20))).toEqual(new Set(['in']));
    await attempts(3, wrong);
    expect(new Set(await attempts(2))).toEqual(new Set(['in']));
    expect(await attempts(4, wrong), 'a success forgives').not.toContain(delayed);
  });

  it('S26 gives back what was not computed', async () => {
    const { attempts, hasher } = await setUp();
    hasher.busy = true;
    expect(new Set(await attempts(20))).toEqual(new Set(['auth.busy']));
    hasher.busy = false;
    expect(await attempts(5, wrong)).toEqual([refused, refused, refused, refused, delayed]);
  });

  it('S27 with a one-time password takes another one along, and is possible once', async () => {
    const { logIn, accounts } = inMemoryAuth();
    const account = anAccount({ email, oneTimePassword: true });
    await accounts.add(account);
    const wrongOne = { password: 'not the right password', newPassword };
    await expect(logIn(email, wrongOne)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.password-change-required', kind: 'forbidden' });
    for (const bad of ['too short', goodPassword]) {
      await expect(logIn(email, { newPassword: bad })).rejects.toMatchObject({
        code: 'auth.weak-password',
        fields: [{ path: '/newPassword' }],
      });
    }
    expect(await accounts.find(account.id)).toEqual(account);
    await expect(logIn(email, { newPassword })).resolves.toMatchObject({ accessToken: expect.any(String) });
    await expect(logIn(email, { newPassword })).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await expect(logIn(email, { password: newPassword })).resolves.toBeDefined();
  });

  it('S27 can bring a new password for any account, which ends its other sessions', async () => {
    const { register, logIn, sessions } = inMemoryAuth();
    await register(email);
    const before = await logIn(email);
    const after = await logIn(email, { newPassword });
    expect([await sessions.isLive(sessionIn(before)), await sessions.isLive(sessionIn(after))]).toEqual([false, true]);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
  });

  it('S28 is refused to a disabled account as if the password were wrong', async () => {
    const { attempts, useCases, userId, logger } = await setUp();
    await useCases.disableAccount({ userId, by: crypto.randomUUID() }, anyContext);
    expect(await attempts(5)).toEqual([refused, refused, refused, refused, delayed]);
    expect(logger.lines.findLast(({ message }) => message === 'A login failed.')?.fields).toEqual({
      reason: 'disabled account',
      userId,
    });
  });

  it('S22 strengthens an old hash, and the password still works', async () => {
    const { attempt, hasher, accounts, userId } = await setUp();
    const before = await accounts.find(userId);
    hasher.cost = 2;
    expect(await attempt(wrong)).toBe(refused);
    expect(await accounts.find(userId), 'not by a wrong password').toEqual(before);
    expect(await attempt()).toBe('in');
    expect(hasher.isOutdated((await accounts.find(userId))?.passwordHash ?? '')).toBe(false);
    expect(await attempt()).toBe('in');
    expect(await attempt(wrong)).toBe(refused);
  });

  it('S26 is logged when it is slowed down', async () => {
    const { attempts, logger } = await setUp();
    await attempts(10, wrong);
    expect(logger.lines.filter(({ message }) => /too many before/.test(message)).length).toBeGreaterThan(1);
    expect(logger.text).not.toContain(email);
  });

  it('S40 is logged, without secrets and personal data', async () => {
    const { attempt, logger, userId } = await setUp();
    await attempt(wrong);
    await attempt(wrong, 'nobody@example.com');
    await attempt();
    expect(logger.lines).toEqual([
      { level: 'warn', message: 'A login failed.', fields: { reason: 'wrong password', userId } },
      { level: 'warn', message: 'A login failed.', fields: { reason: 'unknown account', userId: undefined } },
      { level: 'info', message: 'Somebody logged in.', fields: { userId, sessionId: expect.any(String) } },
    ]);
    for (const secret of [email, 'nobody', goodPassword, wrong.password, '192.0.2.1'])
      expect(logger.text).not.toContain(secret);
  });
});
