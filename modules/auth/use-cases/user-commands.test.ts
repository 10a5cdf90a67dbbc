import { describe, expect, it } from 'vitest';
import { anAccount, noon } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';
import {
  disableUser,
  enableUser,
  endSessionsOfUser,
  grantRole,
  listUsers,
  removeFactorsOfUser,
  resetPasswordOfUser,
  searchUsers,
  showUser,
  takeRole,
} from './user-commands.ts';

const email = 'ada@example.com';

async function setUp() {
  const auth = inMemoryAuth();
  const { transaction, accounts, administration, sessions, factors, hasher, throttle, audit, clock } = auth;
  await auth.register(email);
  return {
    ...auth,
    list: listUsers(administration),
    search: searchUsers(administration),
    show: showUser(accounts, sessions, factors),
    disable: disableUser(transaction, accounts, audit, clock),
    enable: enableUser(transaction, accounts, audit),
    endSessions: endSessionsOfUser(transaction, accounts, administration, audit),
    removeFactors: removeFactorsOfUser(transaction, accounts, factors, audit),
    resetPassword: resetPasswordOfUser(transaction, accounts, hasher, throttle, audit),
    grant: grantRole(transaction, accounts, administration, audit),
    take: takeRole(transaction, accounts, administration, audit),
  };
}

describe('at the machine, an account', () => {
  it('is listed, found and shown, without a secret', async () => {
    const { list, search, show, register, logIn } = await setUp();
    await register('eve@example.com');
    await logIn(email);
    expect((await list()).lines).toHaveLength(2);
    expect(await search('AD')).toMatchObject({
      lines: [expect.stringMatching(/^ada@example\.com {2}/)],
      json: [{ email }],
    });
    expect((await search('nobody')).lines).toEqual(['There is no such account.']);
    const { lines, json } = await show(' Ada@example.com');
    expect(lines).toEqual([
      expect.stringMatching(/^ada@example\.com .* customer {2}since 2030-01-01T12:00:00\.000Z$/),
      'No authenticator app, 0 passkeys, 0 recovery codes',
      'Session  since 2030-01-01T12:00:00.000Z  last used 2030-01-01T12:00:00.000Z  192.0.2.1',
    ]);
    expect(JSON.stringify(json)).not.toMatch(/argon2/);
  });

  it('is disabled and enabled', async () => {
    const { disable, enable, logIn, accounts } = await setUp();
    await disable(email);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await enable(email);
    await expect(logIn(email)).resolves.toBeDefined();
    const last = anAccount({ roles: ['admin'] });
    await accounts.add(last);
    await expect(disable(last.email)).rejects.toMatchObject({ code: 'auth.last-administrator' });
  });

  it('loses its sessions, its password and its second factors', async () => {
    const { endSessions, removeFactors, resetPassword, logIn, sessions, totpSecrets, accounts } = await setUp();
    const { id } = (await accounts.findByEmail(email))!;
    const session = sessionIn(await logIn(email));
    await endSessions(email);
    expect(await sessions.isLive(session)).toBe(false);
    await totpSecrets.propose(id, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', noon);
    await totpSecrets.confirm(id, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 1_000, noon);
    await removeFactors(email);
    const { lines, json } = await resetPassword(email);
    const { password } = json as { password: string };
    expect(lines[0]).toContain(password);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.wrong-credentials' });
    await expect(logIn(email, { password, newPassword: 'another good password' })).resolves.toBeDefined();
  });

  it('is given roles and loses them, and what is done to it is recorded', async () => {
    const { grant, take, disable, audit, accounts } = await setUp();
    const { id: target } = (await accounts.findByEmail(email))!;
    expect((await grant(email, 'admin')).lines).toEqual([`${email} has the roles customer, admin.`]);
    await expect(take(email, 'admin')).rejects.toMatchObject({ code: 'auth.last-administrator' });
    await grant(email, 'support');
    expect((await take(email, 'support')).json).toMatchObject({ roles: ['customer', 'admin'] });
    await expect(grant(email, 'king')).rejects.toThrow(
      '"king" is no role. There are: customer, support, catalogue, admin.',
    );
    await expect(disable('nobody@example.com')).rejects.toThrow('nobody@example.com has no account.');
    expect(audit.entries.map(({ act, outcome, ...entry }) => [act, outcome, entry.target])).toEqual([
      ['auth.change-roles', 'done', target],
      ['auth.change-roles', 'refused', target],
      ['auth.change-roles', 'done', target],
      ['auth.change-roles', 'done', target],
    ]);
  });
});
