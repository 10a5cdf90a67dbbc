import { describe, expect, it } from 'vitest';
import { anyContext, goodPassword, hour } from '../testing/accounts.ts';
import { codeIn, inMemoryAuth, tokenIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';

async function setUp(...options: Parameters<typeof inMemoryAuth>) {
  const auth = inMemoryAuth(...options);
  const { userId } = await auth.register(email);
  auth.outbox.events.length = 0;
  return { ...auth, userId, verified: async () => (await auth.accounts.find(userId))?.emailVerifiedAt };
}

describe('verifying an address', () => {
  it('takes the link that a registration sends, once', async () => {
    const { post, useCases, verified, outbox, audit, userId, clock } = await setUp();
    const [message] = await post();
    expect(message).toMatchObject({
      to: email,
      text: expect.stringContaining('https://shop.example/account/verify?token='),
    });
    const token = tokenIn(message!);
    expect(await useCases.verifyEmail({ token }, anyContext)).toEqual({});
    expect(await verified()).toEqual(clock.now());
    expect(outbox.events).toMatchObject([{ name: 'auth.email-verified', payload: { userId, email } }]);
    expect(audit.entries).toMatchObject([{ act: 'auth.verify-email', target: userId, outcome: 'done' }]);
    await expect(useCases.verifyEmail({ token }, anyContext)).rejects.toMatchObject({ code: 'auth.link-invalid' });
  });

  it('takes the code in it as well, from who is logged in', async () => {
    const { post, useCases, verified, userId } = await setUp();
    const [message] = await post();
    await useCases.verifyEmailByCode({ userId, code: codeIn(message!) }, anyContext);
    expect(await verified()).toBeInstanceOf(Date);
  });

  it('S26 slows down guesses at the code', async () => {
    const { post, useCases, userId } = await setUp();
    const code = codeIn((await post())[0]!);
    const guess = () =>
      useCases
        .verifyEmailByCode({ userId, code: code === '000000' ? '000001' : '000000' }, anyContext)
        .catch((error: { code: string }) => error.code);
    const answers = [await guess(), await guess(), await guess(), await guess(), await guess()];
    expect(answers).toEqual([...Array.from({ length: 4 }, () => 'auth.wrong-code'), 'auth.too-many-attempts']);
  });

  it('holds for a day', async () => {
    const { post, useCases, clock, verified } = await setUp();
    const token = tokenIn((await post())[0]!);
    clock.advance(24 * hour);
    await expect(useCases.verifyEmail({ token }, anyContext)).rejects.toMatchObject({ code: 'auth.link-invalid' });
    expect(await verified()).toBeNull();
  });

  it('can be asked for again, and leaves the mail before it good', async () => {
    const { post, useCases, userId, verified } = await setUp();
    const [first] = await post();
    await useCases.requestEmailVerification({ userId }, anyContext);
    expect(await post()).toHaveLength(1);
    await useCases.verifyEmail({ token: tokenIn(first!) }, anyContext);
    expect(await verified()).not.toBeNull();
    await useCases.requestEmailVerification({ userId }, anyContext);
    expect(await post()).toEqual([]);
  });

  it('mails nobody without end', async () => {
    const { post, useCases, userId } = await setUp({ mailsPerRecipient: 3 });
    const ask = () => useCases.requestEmailVerification({ userId }, anyContext);
    for (let n = 0; n < 3; n++) await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'auth.too-many-attempts', retryAfter: 1 });
    expect(await post()).toHaveLength(4);
  });

  it('S40 leaves no secret where it is stored until then, or in the log', async () => {
    const { post, mails, outbox, logger } = await setUp();
    const stored = JSON.stringify(mails.mails);
    const [message] = await post();
    const all = stored + JSON.stringify(outbox.events) + logger.text;
    for (const secret of [tokenIn(message!), codeIn(message!)]) {
      expect(secret).not.toBe('');
      expect(all).not.toContain(secret);
    }
  });
});

describe('registering an address that has an account', () => {
  it('S25 adds the same mail, which tells its owner', async () => {
    const { register, mails, post, useCases, verified } = await setUp();
    await post();
    await register(email, { password: 'a different password' });
    expect(mails.mails).toMatchObject([{ name: 'auth.verify-address' }]);
    const [message] = await post();
    expect(message).toMatchObject({ to: email, subject: 'You have an account at Highbury' });
    expect(tokenIn(message!)).toBe('');
    expect(codeIn(message!)).toBe('');
    await expect(useCases.verifyEmail({ token: '' }, anyContext)).rejects.toThrow();
    expect(await verified()).toBeNull();
  });

  it('does not mail the owner without end, and answers the same', async () => {
    const { register, post } = await setUp({ mailsPerRecipient: 2 });
    for (let n = 0; n < 5; n++) expect(await register(email)).toEqual({ userId: expect.any(String) });
    expect((await post()).length).toBe(3);
  });

  it("tells nobody of the administrator's address while nobody has it", async () => {
    const { register, post } = await setUp();
    await post();
    await register('root@example.com');
    expect(await post()).toEqual([]);
  });
});

describe('where an account may nothing before its address is verified', () => {
  it('nobody logs in, and the mail is sent again', async () => {
    const { logIn, post, useCases } = await setUp({}, { unverifiedMay: 'nothing' });
    await post();
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.email-not-verified', kind: 'forbidden' });
    const [message] = await post();
    await useCases.verifyEmail({ token: tokenIn(message!) }, anyContext);
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('S25 only who knows the password learns of it', async () => {
    const { logIn, post } = await setUp({}, { unverifiedMay: 'nothing' });
    await post();
    await expect(logIn(email, { password: 'a wrong password' })).rejects.toMatchObject({
      code: 'auth.wrong-credentials',
    });
    expect(await post()).toEqual([]);
  });

  it('accounts from before there were mails log in as ever', async () => {
    const { accounts, logIn, userId } = await setUp({}, { unverifiedMay: 'nothing' });
    const account = (await accounts.find(userId))!;
    const old = {
      ...account,
      id: '01890000-0000-7000-8000-000000000000',
      email: 'old@example.com',
      mustVerifyEmail: false,
    };
    await accounts.add(old);
    await expect(logIn('old@example.com', { password: goodPassword })).resolves.toBeDefined();
  });
});
