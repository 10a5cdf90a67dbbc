import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anyContext } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';
import { enableAccount } from './enable-account.ts';

const email = 'ada@example.com';

async function setUp() {
  const auth = inMemoryAuth();
  const { userId } = await auth.register(email);
  const disable = (id = userId, by = uuid()) => auth.useCases.disableAccount({ userId: id, by }, anyContext);
  const enable = (id = userId) =>
    enableAccount(auth.transaction, auth.accounts, auth.audit, auth.logger)({ userId: id }, anyContext);
  return { ...auth, userId, disable, enable };
}

describe('disabling an account', () => {
  it('S28 puts its owner out at once, everywhere', async () => {
    const { disable, logIn, refresh, sessions, endings } = await setUp();
    const [phone, laptop] = [await logIn(email), await logIn(email)];
    const told: string[] = [];
    endings.onEnded((id) => told.push(id));
    await disable();
    for (const tokens of [phone, laptop]) {
      expect(await sessions.isLive(sessionIn(tokens))).toBe(false);
      await expect(refresh(tokens.refreshToken)).rejects.toMatchObject({ code: 'auth.invalid-refresh-token' });
    }
    expect(told.sort()).toEqual([phone, laptop].map(sessionIn).sort());
  });

  it('lasts until it is enabled, and brings no session back', async () => {
    const { disable, enable, logIn, sessions } = await setUp();
    const before = await logIn(email);
    await disable();
    await disable();
    await enable();
    expect(await sessions.isLive(sessionIn(before))).toBe(false);
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('is not possible for oneself', async () => {
    const { disable, userId, logIn } = await setUp();
    await expect(disable(userId, userId)).rejects.toMatchObject({ code: 'auth.own-account' });
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('is not possible for an account that does not exist', async () => {
    const { disable, enable } = await setUp();
    await expect(disable(uuid())).rejects.toMatchObject({ code: 'auth.account-not-found' });
    await expect(enable(uuid())).rejects.toMatchObject({ code: 'auth.account-not-found' });
  });

  it('is recorded, also when it is refused', async () => {
    const { disable, enable, userId, audit } = await setUp();
    await disable();
    await enable();
    await disable(userId, userId).catch(() => {});
    expect(audit.entries).toMatchObject([
      { act: 'auth.disable-account', target: userId, outcome: 'done' },
      { act: 'auth.enable-account', target: userId, outcome: 'done' },
      { act: 'auth.disable-account', target: userId, outcome: 'refused', details: { reason: 'auth.own-account' } },
    ]);
  });
});
