import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAccount, anyContext, noon } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';

async function setUp() {
  const auth = inMemoryAuth();
  const { userId } = await auth.register(email);
  const changeRoles = (fields: { userId?: string; grant?: ('support' | 'admin')[]; take?: ('support' | 'admin')[] }) =>
    auth.useCases.changeRoles({ userId, grant: [], take: [], ...fields }, anyContext);
  const acts = () => auth.audit.entries.map(({ act, outcome, target }) => [act, outcome, target]);
  return { ...auth, userId, changeRoles, acts };
}

describe('an administrator', () => {
  it('finds accounts, by pages', async () => {
    const { useCases, register } = await setUp();
    await register('adam@example.com');
    await register('eve@example.com');
    const first = await useCases.searchAccounts({ email: 'ada', limit: 1 }, anyContext);
    expect(first.data).toMatchObject([{ email: 'adam@example.com', roles: ['customer'], disabledAt: null }]);
    const next = await useCases.searchAccounts({ email: 'ada', limit: 1, cursor: first.nextCursor! }, anyContext);
    expect(next).toMatchObject({ data: [{ email }], nextCursor: null });
  });

  it('sees an account with its sessions and factors, and no secret of it', async () => {
    const { useCases, logIn, userId } = await setUp();
    const session = sessionIn(await logIn(email));
    const seen = await useCases.getAccount({ userId }, anyContext);
    expect(seen).toEqual({
      userId,
      email,
      name: 'Ada',
      roles: ['customer'],
      registeredAt: noon.toISOString(),
      disabledAt: null,
      mustChangePassword: false,
      factors: { totp: false, passkeys: 0, recoveryCodes: 0 },
      sessions: [expect.objectContaining({ id: session, startedAt: noon.toISOString(), network: '192.0.2.1' })],
    });
    await expect(useCases.getAccount({ userId: uuid() }, anyContext)).rejects.toMatchObject({
      code: 'auth.account-not-found',
    });
  });

  it('grants and takes roles, of which the next tokens tell', async () => {
    const { changeRoles, logIn, refresh, useCases, userId, audit } = await setUp();
    const { refreshToken } = await logIn(email);
    expect(await changeRoles({ grant: ['support'] })).toEqual({ roles: ['customer', 'support'] });
    const staff = await refresh(refreshToken);
    expect(staff.accessToken).toMatch(/ customer support$/);
    await changeRoles({ take: ['support'] });
    const claimed = { userId, roles: ['customer', 'support'] };
    expect(await useCases.isSessionLive({ sessionId: sessionIn(staff), claimed }, anyContext)).toEqual({ live: false });
    expect((await refresh(staff.refreshToken)).accessToken).toMatch(/ customer$/);
    expect(audit.entries.filter(({ act }) => act === 'auth.change-roles')).toMatchObject([
      { target: userId, outcome: 'done', details: { granted: ['support'], taken: [] } },
      { target: userId, outcome: 'done', details: { granted: [], taken: ['support'] } },
    ]);
  });

  it('cannot be demoted while they are the last one', async () => {
    const { accounts, changeRoles, audit, userId } = await setUp();
    const last = anAccount({ roles: ['admin'] });
    await accounts.add(last);
    const demote = () => changeRoles({ userId: last.id, take: ['admin'] });
    await expect(demote()).rejects.toMatchObject({ code: 'auth.last-administrator' });
    expect(audit.entries.at(-1)).toMatchObject({
      target: last.id,
      outcome: 'refused',
      details: { reason: 'auth.last-administrator', taken: ['admin'] },
    });
    await changeRoles({ userId, grant: ['admin'] });
    expect(await demote()).toEqual({ roles: ['customer'] });
  });

  it('ends the sessions of an account, and has its next login bring another password', async () => {
    const { useCases, logIn, sessions, userId } = await setUp();
    const before = await logIn(email);
    await useCases.endSessionsOf({ userId }, anyContext);
    expect(await sessions.isLive(sessionIn(before))).toBe(false);
    await expect(logIn(email)).resolves.toBeDefined();
    await useCases.requireNewPassword({ userId }, anyContext);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.password-change-required' });
    await expect(logIn(email, { newPassword: 'another good password' })).resolves.toBeDefined();
    for (const act of [useCases.endSessionsOf, useCases.requireNewPassword, useCases.removeFactors])
      await expect(act({ userId: uuid() }, anyContext)).rejects.toMatchObject({ code: 'auth.account-not-found' });
  });

  it('removes second factors that were lost', async () => {
    const { useCases, logIn, totpSecrets, userId, acts } = await setUp();
    await totpSecrets.propose(userId, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', noon);
    await totpSecrets.confirm(userId, 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 1_000, noon);
    await expect(logIn(email)).rejects.toMatchObject({ code: 'auth.second-factor-required' });
    await useCases.removeFactors({ userId }, anyContext);
    await expect(logIn(email)).resolves.toBeDefined();
    expect(acts()).toContainEqual(['auth.remove-factors', 'done', userId]);
  });
});

describe('the audit log of auth', () => {
  it('S40 tells of logins, and of what people do to their own account', async () => {
    const { audit, changePassword, logIn, useCases, userId } = await setUp();
    const tokens = await logIn(email);
    await logIn(email, { password: 'a wrong guess' }).catch(() => {});
    await logIn('nobody@example.com').catch(() => {});
    await changePassword({ userId, sessionId: sessionIn(tokens) });
    await useCases.logOut({ refreshToken: tokens.refreshToken }, anyContext);
    expect(
      audit.entries.map(({ act, outcome, actor, target, details }) => [act, outcome, actor, target, details?.reason]),
    ).toEqual([
      ['auth.log-in', 'done', userId, userId, undefined],
      ['auth.log-in', 'refused', null, userId, 'wrong password'],
      ['auth.log-in', 'refused', null, undefined, 'unknown account'],
      ['auth.change-password', 'done', null, userId, undefined],
      ['auth.log-out', 'done', userId, userId, undefined],
    ]);
    expect(JSON.stringify(audit.entries)).not.toMatch(/password battery|wrong guess|another good|@example/);
  });

  it('S13 tells of a refresh token that came again', async () => {
    const { audit, logIn, refresh, userId } = await setUp();
    const { refreshToken } = await logIn(email);
    const next = await refresh(refreshToken);
    await refresh(next.refreshToken);
    await refresh(refreshToken).catch(() => {});
    expect(audit.entries.at(-1)).toMatchObject({ act: 'auth.reuse-refresh-token', target: userId, outcome: 'refused' });
  });

  it('is not filled by who guesses without end, and tells how much it left out', async () => {
    const auth = inMemoryAuth({ failuresPerAccount: 1_000, failuresPerAddress: 1_000 });
    await auth.register(email);
    for (let guess = 0; guess < 250; guess++) await auth.logIn(email, { password: 'a wrong guess' }).catch(() => {});
    expect(auth.audit.entries).toHaveLength(200);
    auth.clock.advance(6_000);
    await auth.logIn(email, { password: 'a wrong guess' }).catch(() => {});
    expect(auth.audit.entries.slice(200)).toMatchObject([{ details: { reason: 'wrong password', leftOut: 50 } }]);
  });
});
