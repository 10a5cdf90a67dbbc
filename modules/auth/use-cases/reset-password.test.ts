import { describe, expect, it } from 'vitest';
import { anyContext, goodPassword, minute } from '../testing/accounts.ts';
import { codeOf } from '../testing/authenticator-app.ts';
import { inMemoryAuth, tokenIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';
const newPassword = 'another good password';
const home = '192.0.2.1';

async function setUp(allowance = {}) {
  const auth = inMemoryAuth(allowance);
  const { userId } = await auth.register(email);
  await auth.post();
  const ask = (of = email, address = home) => auth.useCases.requestPasswordReset({ email: of, address }, anyContext);
  const link = async () => {
    await ask();
    return tokenIn((await auth.post())[0]!);
  };
  const reset = (token: string, password = newPassword) =>
    auth.useCases.resetPassword({ token, newPassword: password, address: home }, anyContext);
  return { ...auth, userId, ask, link, reset };
}

describe('a forgotten password', () => {
  it('is replaced by the link, once, and the owner is told', async () => {
    const { link, reset, logIn, post, accounts, userId } = await setUp();
    const token = await link();
    expect(await reset(token)).toEqual({});
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await expect(logIn(email, { password: newPassword })).resolves.toBeDefined();
    await expect(reset(token, 'a third good password')).rejects.toMatchObject({ code: 'auth.link-invalid' });
    expect(await post()).toMatchObject([{ to: email, subject: expect.stringContaining('Your password was changed') }]);
    expect((await accounts.find(userId))?.emailVerifiedAt, 'its mail was read').toBeInstanceOf(Date);
  });

  it('S27 ends all sessions', async () => {
    const { link, reset, logIn, refresh } = await setUp();
    const { refreshToken } = await logIn(email);
    await reset(await link());
    await expect(refresh(refreshToken)).rejects.toMatchObject({ code: 'auth.invalid-refresh-token' });
  });

  it('leaves the second factor, which a login still asks for', async () => {
    const { link, reset, logIn, codes, totpSecrets, userId, clock } = await setUp();
    const secret = codes.newSecret();
    await totpSecrets.propose(userId, secret, clock.now());
    await totpSecrets.confirm(userId, secret, 0, clock.now());
    await reset(await link());
    await expect(logIn(email, { password: newPassword })).rejects.toMatchObject({
      code: 'auth.second-factor-required',
    });
    const code = codeOf(secret, clock.now());
    await expect(logIn(email, { password: newPassword, code })).resolves.toBeDefined();
  });

  it('S25 asks for one without an account the same way, and mails nobody', async () => {
    const { ask, mails, post, hasher } = await setUp();
    const work = hasher.work;
    expect(await ask('nobody@example.com')).toEqual(await ask(email));
    expect(mails.mails.map(({ name }) => name)).toEqual(['auth.reset-password', 'auth.reset-password']);
    expect(hasher.work).toBe(work);
    expect((await post()).map(({ to }) => to)).toEqual([email]);
  });

  it('holds for half an hour', async () => {
    const { link, reset, clock } = await setUp();
    const token = await link();
    clock.advance(30 * minute);
    await expect(reset(token)).rejects.toMatchObject({ code: 'auth.link-invalid' });
  });

  it('S23 is not replaced by a weak one, which leaves the link good, nor by nobody, who costs no hash', async () => {
    const { link, reset, hasher } = await setUp();
    const token = await link();
    const work = hasher.work;
    await expect(reset(token, 'too short')).rejects.toMatchObject({ code: 'auth.weak-password' });
    await expect(reset('no token')).rejects.toMatchObject({ code: 'auth.link-invalid' });
    expect(hasher.work).toBe(work);
    await reset(token);
  });

  it('S28 stays with an account that was disabled', async () => {
    const { link, reset, accounts, userId, clock, ask, post } = await setUp();
    const token = await link();
    await accounts.disable(userId, clock.now());
    await expect(reset(token)).rejects.toMatchObject({ code: 'auth.link-invalid' });
    await ask();
    expect(await post()).toEqual([]);
  });

  it("does not let strangers' guesses keep the owner out", async () => {
    const { link, reset, logIn } = await setUp();
    const guess = () => logIn(email, { password: 'not the right password', address: '198.51.100.1' }).catch(() => {});
    for (let n = 0; n < 6; n++) await guess();
    await expect(logIn(email, { password: goodPassword })).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
    await reset(await link());
    await expect(logIn(email, { password: newPassword })).resolves.toBeDefined();
  });

  it('S26 mails one person and from one network only so often', async () => {
    const { ask, post } = await setUp({ mailsPerRecipient: 2, mailsPerAddress: 5 });
    for (let n = 0; n < 4; n++) expect(await ask(email, `192.0.2.${n}`)).toEqual({});
    expect(await post()).toHaveLength(2);
    for (let n = 0; n < 6; n++) await ask(`person-${n}@example.com`, '198.51.100.7');
    await expect(ask('one-more@example.com', '198.51.100.7')).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
    await ask('one-more@example.com', '198.51.100.8');
  });
});

describe('the owner of an account', () => {
  it('is told of a changed password', async () => {
    const { changePassword, logIn, userId, post } = await setUp();
    await logIn(email);
    await changePassword({ userId, sessionId: userId });
    expect(await post()).toMatchObject([{ to: email, subject: expect.stringContaining('Your password was changed') }]);
  });

  it('is told of a login from a new device, but not of the first, and not without end', async () => {
    const { logIn, post, clock } = await setUp();
    const { deviceToken = '' } = await logIn(email);
    expect(await post()).toEqual([]);
    await logIn(email, { deviceToken });
    expect(await post()).toEqual([]);
    await logIn(email);
    expect(await post()).toMatchObject([{ to: email, subject: expect.stringContaining('A new login') }]);
    for (let n = 0; n < 10; n++) await logIn(email);
    expect(await post()).toHaveLength(2);
    clock.advance(24 * 60 * minute);
    await logIn(email);
    expect(await post()).toHaveLength(1);
  });
});
