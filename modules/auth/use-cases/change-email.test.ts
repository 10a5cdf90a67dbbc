import { CallContext } from '#platform/context.ts';
import { describe, expect, it } from 'vitest';
import { anyContext, goodPassword, minute } from '../testing/accounts.ts';
import { inMemoryAuth, tokenIn } from '../testing/in-memory-auth.ts';

const [before, after] = ['ada@example.com', 'ada@new.example'];

async function setUp(allowance = {}) {
  const auth = inMemoryAuth(allowance);
  const { userId } = await auth.register(before);
  await auth.post();
  auth.outbox.events.length = 0;
  const ask = (email = after, fields: { password?: string } = { password: goodPassword }) =>
    auth.useCases.requestEmailChange({ userId, email, ...fields }, anyContext);
  const confirm = (token: string) => auth.useCases.confirmEmailChange({ token }, anyContext);
  return { ...auth, userId, ask, confirm, address: async () => (await auth.accounts.find(userId))?.email };
}

describe('changing an address', () => {
  it('tells the old one, asks the new one, and happens when that confirms', async () => {
    const { ask, confirm, post, address, outbox, userId, logIn } = await setUp();
    await ask();
    const mails = await post();
    expect(mails.map(({ to }) => to).toSorted()).toEqual([before, after]);
    const old = mails.find(({ to }) => to === before)!;
    expect(old.text).toContain('a...@new.example');
    expect(old.text).not.toContain(after);
    expect(await address()).toBe(before);
    const token = tokenIn(mails.find(({ to }) => to === after)!);
    await confirm(token);
    expect(await address()).toBe(after);
    expect(await post()).toMatchObject([
      { to: before, subject: expect.stringContaining('Your e-mail address was changed') },
    ]);
    expect(outbox.events).toMatchObject([{ name: 'auth.email-verified', payload: { userId, email: after } }]);
    await expect(confirm(token)).rejects.toMatchObject({ code: 'auth.link-invalid' });
    await expect(logIn(after)).resolves.toBeDefined();
    await expect(logIn(before)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
  });

  it('needs the password, or a login that was just now', async () => {
    const { ask, useCases, userId, clock, post } = await setUp();
    await expect(ask(after, {})).rejects.toMatchObject({ code: 'auth.confirmation-required' });
    await expect(ask(after, { password: 'not the right password' })).rejects.toMatchObject({
      code: 'auth.wrong-credentials',
    });
    const as = (age: number) => {
      const { deadline, requestId, trace } = anyContext;
      const authenticatedAt = clock.now().getTime() - age;
      const principal = { userId, sessionId: userId, roles: [], authenticatedAt };
      return useCases.requestEmailChange(
        { userId, email: after },
        new CallContext({ deadline, requestId, trace, principal }),
      );
    };
    await expect(as(15 * minute)).rejects.toMatchObject({ code: 'auth.confirmation-required' });
    expect(await post()).toEqual([]);
    await as(14 * minute);
    expect(await post()).toHaveLength(2);
  });

  it('S25 answers the same for an address that has an account, and tells its owner', async () => {
    const { ask, register, post, address } = await setUp();
    await register(after);
    await post();
    expect(await ask()).toEqual({});
    const mail = (await post()).find(({ to }) => to === after)!;
    expect(mail.subject).toBe('You have an account at Highbury');
    expect(tokenIn(mail)).toBe('');
    expect(await address()).toBe(before);
  });

  it('does not happen when somebody registers the new address meanwhile', async () => {
    const { ask, confirm, register, post, address } = await setUp();
    await ask();
    const token = tokenIn((await post()).find(({ to }) => to === after)!);
    await register(after);
    await expect(confirm(token)).rejects.toMatchObject({ code: 'auth.link-invalid' });
    expect(await address()).toBe(before);
  });

  it('makes worthless what was sent to the old address', async () => {
    const { ask, confirm, post, useCases } = await setUp();
    await useCases.requestPasswordReset({ email: before, address: '192.0.2.1' }, anyContext);
    const reset = tokenIn((await post())[0]!);
    await ask();
    await confirm(tokenIn((await post()).find(({ to }) => to === after)!));
    const newPassword = 'another good password';
    await expect(
      useCases.resetPassword({ token: reset, newPassword, address: '192.0.2.1' }, anyContext),
    ).rejects.toMatchObject({ code: 'auth.link-invalid' });
  });

  it('mails strangers only so often', async () => {
    const { ask, post } = await setUp({ mailsPerAddress: 2 });
    for (const n of [1, 2, 3]) await ask(`stranger-${n}@example.org`);
    await expect(ask('stranger-4@example.org')).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
    expect((await post()).filter(({ to }) => to.endsWith('example.org'))).toHaveLength(3);
  });
});
