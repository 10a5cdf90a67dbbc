import { describe, expect, it } from 'vitest';
import { anAccount, minute, noon } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';
import { createAdministratorNow, listAdministrators, resetAdministratorPassword } from './administrator-commands.ts';

const email = 'grace@example.com';
const newPassword = 'another good password';

function setUp() {
  const auth = inMemoryAuth();
  const { transaction, accounts, outbox, audit, hasher, throttle, clock } = auth;
  return {
    ...auth,
    list: listAdministrators(accounts),
    create: createAdministratorNow(transaction, accounts, outbox, audit, hasher, clock),
    reset: resetAdministratorPassword(transaction, accounts, audit, hasher, throttle),
  };
}
const passwordIn = ({ lines }: { readonly lines: readonly string[] }) =>
  /password (\S{24}) /.exec(lines.join('\n'))?.[1] ?? '';

describe('at the machine, an administrator', () => {
  it('is made with a password for the first login, and announced', async () => {
    const { create, logIn, outbox } = setUp();
    const password = passwordIn(await create(' Grace@Example.com '));
    await expect(logIn(email, { password })).rejects.toMatchObject({ code: 'auth.password-change-required' });
    expect((await logIn(email, { password, newPassword })).accessToken).toMatch(/ admin$/);
    expect(outbox.events).toMatchObject([{ name: 'auth.user-registered', payload: { email } }]);
  });

  it('is not made of what is no address, or of an address that has an account', async () => {
    const { create, register } = setUp();
    await expect(create('grace')).rejects.toThrow('"grace" is not an e-mail address.');
    await register(email);
    await expect(create(email)).rejects.toThrow(`${email} has an account already.`);
  });

  it('gets another password, which ends all sessions and whatever holds them up', async () => {
    const { accounts, reset, logIn, sessions, clock } = setUp();
    await accounts.add(anAccount({ email, roles: ['admin'] }));
    const before = await logIn(email);
    for (let guesses = 0; guesses < 5; guesses++) await logIn(email, { password: 'a wrong guess' }).catch(() => {});
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
    const password = passwordIn(await reset(email));
    expect(await sessions.isLive(sessionIn(before))).toBe(false);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    clock.advance(minute);
    await expect(logIn(email, { password, newPassword })).resolves.toBeDefined();
  });

  it('counts again as one who stays, once they have another password', async () => {
    const { accounts, reset } = setUp();
    const [one, other] = [anAccount({ email, roles: ['admin'] }), anAccount({ roles: ['admin'] })];
    for (const account of [one, other]) await accounts.add(account);
    await accounts.leave(one.id, noon);
    await reset(email);
    expect(await accounts.disable(other.id, noon)).toBe('disabled');
  });

  it('is no customer', async () => {
    const { reset, register, list } = setUp();
    await register(email);
    await expect(reset(email)).rejects.toThrow(`${email} is no administrator.`);
    expect(await list()).toEqual({ lines: ['There is no administrator.'], json: [] });
  });

  it('is listed, the oldest first, with what keeps them from logging in', async () => {
    const { accounts, create, list, clock } = setUp();
    const first = anAccount({ email, roles: ['customer', 'admin'] });
    await accounts.add(first);
    clock.advance(minute);
    await create('ada@example.com');
    await accounts.disable(first.id, noon);
    const { lines, json } = await list();
    expect(lines).toEqual([
      'grace@example.com  Ada Lovelace  since 2030-01-01T12:00:00.000Z  disabled',
      'ada@example.com  Administrator  since 2030-01-01T12:01:00.000Z  has not logged in with their password yet',
    ]);
    expect(json).toMatchObject([
      { email, disabledAt: noon, oneTimePassword: false },
      { email: 'ada@example.com', disabledAt: null, oneTimePassword: true },
    ]);
    expect(Object.keys((json as object[])[0]!), 'a secret stays where it is').toEqual([
      'email',
      'name',
      'registeredAt',
      'disabledAt',
      'oneTimePassword',
    ]);
  });
});
