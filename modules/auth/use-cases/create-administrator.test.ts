import { describe, expect, it } from 'vitest';
import { anAccount } from '../testing/accounts.ts';
import { inMemoryAuth } from '../testing/in-memory-auth.ts';
import { createAdministrator } from './create-administrator.ts';

const email = 'root@example.com';

function setUp(password?: string) {
  const auth = inMemoryAuth();
  const lines: string[] = [];
  const create = createAdministrator(
    auth.transaction,
    auth.accounts,
    auth.outbox,
    auth.audit,
    auth.rules,
    auth.hasher,
    { email, password },
    auth.clock,
  );
  const start = { seed: undefined, announce: (line: string) => void lines.push(line) };
  return { ...auth, lines, start: () => create(start) };
}

describe('the first start', () => {
  it('creates an administrator and tells the password, once', async () => {
    const { start, lines, logIn, logger } = setUp();
    await start();
    await start();
    expect(lines).toHaveLength(1);
    const password = /password (\S{24}) /.exec(lines[0] ?? '')?.[1];
    expect(lines[0]).toContain(email);
    const newPassword = 'another good password';
    const { accessToken } = await logIn(email, { password: password ?? '', newPassword });
    expect(accessToken).toMatch(/ admin$/);
    expect(logger.text).not.toContain(password);
  });

  it('makes up another password each time', async () => {
    const [one, other] = [setUp(), setUp()];
    await one.start();
    await other.start();
    expect(one.lines).not.toEqual(other.lines);
  });

  it('takes a password from the settings and does not print it', async () => {
    const { start, lines, logIn } = setUp('chosen by the operator');
    await start();
    expect(lines.join()).not.toContain('chosen by the operator');
    await expect(logIn(email, { password: 'chosen by the operator' })).resolves.toBeDefined();
  });

  it('S23 refuses a weak one by the name of its variable', async () => {
    const { start, accounts } = setUp('admin');
    await expect(start()).rejects.toThrow(/^ADMIN_PASSWORD: /);
    expect(await accounts.hasAdministrator()).toBe(false);
  });

  it('announces the administrator like everybody who registers', async () => {
    const { start, outbox } = setUp();
    await start();
    expect(outbox.events).toMatchObject([{ name: 'auth.user-registered', payload: { email } }]);
  });

  it('says so when the address belongs to another account', async () => {
    const { start, lines, accounts } = setUp();
    await accounts.add(anAccount({ email }));
    await start();
    expect(lines.join()).toMatch(/ADMIN_EMAIL/);
    expect(await accounts.hasAdministrator()).toBe(false);
  });
});
