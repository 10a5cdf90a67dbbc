import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAccount, anyContext, goodPassword, minute } from '../testing/accounts.ts';
import { inMemoryAuth, sessionIn } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';

async function setUp(roles: ('customer' | 'admin')[] = ['customer']) {
  const auth = inMemoryAuth();
  const { id: userId } = await anAccountOf(auth, roles);
  const sessionId = sessionIn(await auth.logIn(email));
  const allow = (fields: { userId?: string; sessionId?: string | undefined; password?: string } = {}) =>
    auth.useCases.allowErasure({ userId, sessionId, ...fields }, anyContext);
  return { ...auth, userId, sessionId, allow };
}

async function anAccountOf(
  { accounts }: ReturnType<typeof inMemoryAuth>,
  roles: ('customer' | 'admin')[],
  address = email,
) {
  const account = anAccount({ email: address, roles });
  await accounts.add(account);
  return account;
}

describe('erasing a person', () => {
  it('S27 takes a login of the last five minutes, which a refresh is not', async () => {
    const { allow, clock, refresh, logIn } = await setUp();
    const { refreshToken } = await logIn(email);
    await expect(allow()).resolves.toEqual({});
    clock.advance(5 * minute - 1);
    await expect(allow()).resolves.toEqual({});
    clock.advance(1);
    await refresh(refreshToken);
    await expect(allow()).rejects.toMatchObject({ code: 'auth.confirmation-required', kind: 'forbidden' });
  });

  it('S27 which a later proof makes anew', async () => {
    const { allow, clock, useCases, userId, sessionId } = await setUp();
    clock.advance(5 * minute);
    await expect(allow()).rejects.toMatchObject({ code: 'auth.confirmation-required' });
    await useCases.stepUp({ userId, sessionId, password: goodPassword }, anyContext);
    await expect(allow()).resolves.toEqual({});
  });

  it('S27 or the password', async () => {
    const { allow, clock } = await setUp();
    clock.advance(5 * minute);
    await expect(allow({ password: 'not the right password' })).rejects.toMatchObject({
      code: 'auth.wrong-credentials',
    });
    await expect(allow({ password: goodPassword })).resolves.toEqual({});
  });

  it("S29 takes no session of somebody else's for it, and none that is gone", async () => {
    const auth = await setUp();
    await anAccountOf(auth, ['customer'], 'eve@example.com');
    const other = sessionIn(await auth.logIn('eve@example.com'));
    for (const sessionId of [other, uuid(), undefined]) {
      await expect(auth.allow({ sessionId })).rejects.toMatchObject({ code: 'auth.confirmation-required' });
    }
  });

  it('S26 does not let the password be guessed', async () => {
    const { allow, hasher } = await setUp();
    const before = hasher.work;
    const guesses = await Promise.allSettled(
      Array.from({ length: 20 }, () => allow({ password: 'not the right password' })),
    );
    expect(hasher.work - before).toBeLessThan(6);
    expect(guesses.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    await expect(allow({ password: goodPassword })).rejects.toMatchObject({ code: 'auth.too-many-attempts' });
  });

  it('is refused for the last administrator, and for the one who would be left', async () => {
    const auth = await setUp(['admin']);
    await expect(auth.allow()).rejects.toMatchObject({ code: 'auth.last-administrator', kind: 'conflict' });
    const other = await anAccountOf(auth, ['customer', 'admin'], 'grace@example.com');
    await expect(auth.allow()).resolves.toEqual({});
    await expect(auth.allow(), 'and may be asked for again').resolves.toEqual({});
    await expect(auth.allow({ userId: other.id, password: goodPassword })).rejects.toMatchObject({
      code: 'auth.last-administrator',
    });
    const disabling = auth.useCases.disableAccount({ userId: other.id, by: auth.userId }, anyContext);
    await expect(disabling).rejects.toMatchObject({ code: 'auth.last-administrator' });
  });

  it('is harmless for somebody who is gone', async () => {
    const { allow } = await setUp();
    await expect(allow({ userId: uuid(), sessionId: undefined })).resolves.toEqual({});
  });
});
