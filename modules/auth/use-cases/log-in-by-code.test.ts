import { describe, expect, it } from 'vitest';
import { anyContext, goodPassword, minute, second } from '../testing/accounts.ts';
import { codeOf } from '../testing/authenticator-app.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';
const step = 30 * second;
const [asked, wrong, delayed] = ['auth.second-factor-required', 'auth.wrong-code', 'auth.too-many-attempts'];

async function setUp(allowance = {}) {
  const auth = inMemoryAuth(allowance);
  const { userId } = await auth.register(email);
  const { deviceToken = '' } = await auth.logIn(email);
  const secret = auth.codes.newSecret();
  await auth.totpSecrets.propose(userId, secret, auth.clock.now());
  await auth.totpSecrets.confirm(userId, secret, 0, auth.clock.now());
  const recoveryCodes = auth.codes.newRecoveryCodes();
  await auth.factors.replaceRecoveryCodes(userId, recoveryCodes);
  auth.logger.lines.length = 0;
  const attempt = (fields: Parameters<typeof auth.logIn>[1] = {}) =>
    auth.logIn(email, fields).then(
      () => 'in',
      ({ code }) => code as string,
    );
  const code = (offset = 0) => codeOf(secret, new Date(auth.clock.now().getTime() + offset));
  return { ...auth, userId, deviceToken, secret, recoveryCodes, attempt, code };
}

describe('logging in to an account with an authenticator app', () => {
  it('notes in the session that it was by two factors', async () => {
    const { logIn, sessions, code } = await setUp();
    const { refreshToken } = await logIn(email, { code: code() });
    expect(await sessions.rotate(refreshToken)).toMatchObject({ session: { amr: ['pwd', 'otp', 'mfa'] } });
  });

  it('takes a code beside the password', async () => {
    const { attempt, code, hasher } = await setUp();
    expect(await attempt()).toBe(asked);
    expect(await attempt({ code: '000000' })).toBe(wrong);
    const before = hasher.work;
    expect(await attempt({ code: code() })).toBe('in');
    expect(hasher.work - before).toBe(1);
  });

  it('asks nobody for a code who does not know the password', async () => {
    const { attempt, code } = await setUp();
    const password = 'not the right password';
    expect(await attempt({ password })).toBe('auth.wrong-credentials');
    expect(await attempt({ password, code: code() })).toBe('auth.wrong-credentials');
    expect(await attempt({ code: code() }), 'which was not used up').toBe('in');
  });

  it('takes a code as it is typed, and from a clock that is half a minute off', async () => {
    const { attempt, code, clock } = await setUp();
    expect(await attempt({ code: ` ${code().slice(0, 3)} ${code().slice(3)}` })).toBe('in');
    clock.advance(4 * step);
    expect(await attempt({ code: code(-2 * step) })).toBe(wrong);
    expect(await attempt({ code: code(2 * step) })).toBe(wrong);
    expect(await attempt({ code: code(-step) })).toBe('in');
    expect(await attempt({ code: code(step) })).toBe('in');
    expect(await attempt({ code: code() }), 'a later one was used').toBe(wrong);
  });

  it('S38 takes a code once, also of many at the same time', async () => {
    const { attempt, code } = await setUp({ failuresPerAccount: 100, failuresPerAddress: 100 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => attempt({ code: code() })));
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(1);
    expect(answers.filter((answer) => answer === wrong)).toHaveLength(9);
  });

  it('S38 takes each recovery code once, also of many at the same time', async () => {
    const { attempt, recoveryCodes, logger } = await setUp({ failuresPerAccount: 100, failuresPerAddress: 100 });
    expect(new Set(recoveryCodes).size).toBe(10);
    const answers = await Promise.all(Array.from({ length: 10 }, () => attempt({ code: recoveryCodes[0]! })));
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(1);
    expect(await attempt({ code: recoveryCodes[1]!.toUpperCase().replaceAll('-', ' ') })).toBe('in');
    expect(logger.lines.filter(({ message }) => message === 'A recovery code was used.')).toHaveLength(2);
  });

  it('S26 slows down guesses of somebody who knows the password, from however many networks', async () => {
    const { attempt, code, clock } = await setUp();
    const answers = [];
    for (let host = 1; host <= 5; host++) answers.push(await attempt({ code: '000000', address: `203.0.113.${host}` }));
    expect(answers).toEqual([wrong, wrong, wrong, wrong, delayed]);
    expect(await attempt({ code: code() }), 'right or not').toBe(delayed);
    clock.advance(minute);
    expect(await attempt({ code: code() })).toBe('in');
  });

  it('S26 S38 lets no more guesses at the same time pass than one after the other', async () => {
    const { attempt } = await setUp();
    const guesses = Array.from({ length: 30 }, (_, index) => String(index).padStart(6, '0'));
    const answers = await Promise.all(guesses.map((code) => attempt({ code })));
    expect(answers.filter((answer) => answer === wrong).length).toBeLessThanOrEqual(4);
  });

  it('S26 does not keep the owner out on a device of theirs, which still shows a code', async () => {
    const { attempt, code, deviceToken } = await setUp();
    for (let guess = 0; guess < 6; guess++) await attempt({ code: '000000' });
    expect(await attempt({ code: code() })).toBe(delayed);
    expect(await attempt({ deviceToken })).toBe(asked);
    expect(await attempt({ deviceToken, code: code() })).toBe('in');
  });

  it('S26 counts a login without the code as one: each costs a hash', async () => {
    const { attempt } = await setUp({ loginsPerAccount: 3 });
    const answers = [];
    for (let times = 0; times < 5; times++) answers.push(await attempt());
    expect(answers).toEqual([asked, asked, asked, delayed, delayed]);
  });

  it('uses no code up when the new password is refused or missing', async () => {
    const { attempt, code, accounts, userId } = await setUp();
    await accounts.resetPassword(userId, `$argon2id$quick$1$${goodPassword}`);
    expect(await attempt({ code: code() })).toBe('auth.password-change-required');
    expect(await attempt({ code: code(), newPassword: 'too short' })).toBe('auth.weak-password');
    const newPassword = 'another good password';
    expect(await attempt({ newPassword }), 'a reset does not replace the factor').toBe(asked);
    expect(await attempt({ newPassword, code: code() })).toBe('in');
    expect(await attempt({ password: newPassword })).toBe(asked);
  });

  it('S27 leaves the factor when the password is changed', async () => {
    const { logIn, changePassword, attempt, code, userId } = await setUp();
    const session = sessionIn(await logIn(email, { code: code() }));
    await changePassword({ userId, sessionId: session });
    expect(await attempt({ password: 'another good password' })).toBe(asked);
  });

  it('S40 is logged without the code and the secret', async () => {
    const { attempt, code, secret, recoveryCodes, logger, useCases, userId, logIn } = await setUp();
    await attempt({ code: '123456' });
    await attempt({ code: code() });
    const { refreshToken } = await logIn(email, { code: recoveryCodes[0]! });
    await useCases.logOut({ refreshToken }, anyContext);
    expect(logger.lines.map(({ message }) => message)).toContain('A second factor was wrong.');
    for (const text of ['123456', code(), secret, recoveryCodes[0]!]) expect(logger.text).not.toContain(text);
    expect(logger.text).toContain(userId);
  });
});
