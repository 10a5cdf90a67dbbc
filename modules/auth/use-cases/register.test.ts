import { describe, expect, it } from 'vitest';
import { goodPassword, noon } from '../testing/accounts.ts';
import { inMemoryAuth } from '../testing/in-memory-auth.ts';

const email = 'ada@example.com';

describe('registering', () => {
  it('opens an account of a customer and announces it', async () => {
    const { register, accounts, outbox } = inMemoryAuth();
    const { userId } = await register(email);
    const account = await accounts.find(userId);
    expect(account).toMatchObject({ id: userId, email, name: 'Ada', roles: ['customer'], disabledAt: null });
    expect(outbox.events).toEqual([
      { name: 'auth.user-registered', payload: { userId, email, name: 'Ada', registeredAt: noon.toISOString() } },
    ]);
  });

  it('opens no account that cannot be announced', async () => {
    const { register, accounts, outbox } = inMemoryAuth();
    outbox.add = () => {
      throw new Error('The outbox refuses.');
    };
    await expect(register(email)).rejects.toThrow('The outbox refuses.');
    expect(await accounts.findByEmail(email)).toBeUndefined();
  });

  it('S25 answers an address that has an account the same, after the same work', async () => {
    const { register, hasher, outbox } = inMemoryAuth();
    const first = await register(email);
    const workOfFirst = hasher.work;
    const second = await register(email, { password: 'a different password' });
    expect(Object.keys(second)).toEqual(Object.keys(first));
    expect(second.userId).not.toBe(first.userId);
    expect(hasher.work).toBe(2 * workOfFirst);
    expect(outbox.events).toHaveLength(1);
  });

  it('S25 takes at least 50 ms to store, whether there is something to store or not', async () => {
    const { register } = inMemoryAuth();
    for (const [address, what] of [
      [email, 'free'],
      [email, 'taken'],
      ['root@example.com', 'reserved'],
    ] as const) {
      const started = performance.now();
      await register(address);
      expect(performance.now() - started, what).toBeGreaterThan(49);
    }
  });

  it("leaves the configured administrator's address to them, and does not tell", async () => {
    const { register, outbox, accounts, hasher } = inMemoryAuth();
    await register(email);
    const work = hasher.work;
    const answer = await register('root@example.com');
    expect(answer).toEqual({ userId: expect.any(String) });
    expect(hasher.work).toBe(2 * work);
    expect(await accounts.findByEmail('root@example.com')).toBeUndefined();
    expect(outbox.events).toHaveLength(1);
  });

  it('leaves the account of an address that has one as it is', async () => {
    const { register, logIn, accounts } = inMemoryAuth();
    const { userId } = await register(email);
    const before = await accounts.find(userId);
    await register(email, { password: 'a different password' });
    expect(await accounts.find(userId)).toEqual(before);
    await expect(logIn(email, { password: 'a different password' })).rejects.toMatchObject({
      code: 'auth.wrong-credentials',
    });
    await expect(logIn(email)).resolves.toBeDefined();
  });

  it('S23 names the field of a password that is too short or too well known', async () => {
    const { register, outbox } = inMemoryAuth();
    for (const password of ['too short', 'passwordpassword']) {
      await expect(register(email, { password })).rejects.toMatchObject({
        code: 'auth.weak-password',
        kind: 'invalid',
        fields: [{ path: '/password', message: expect.any(String) }],
      });
    }
    expect(outbox.events).toEqual([]);
  });

  it('S26 slows down registrations from one address, and no others', async () => {
    const { register, clock } = inMemoryAuth({ registrationsPerAddress: 3 });
    const from = (person: number, address: string) => register(`person-${person}@example.com`, { address });
    for (const person of [1, 2, 3, 4]) await from(person, '192.0.2.1');
    await expect(from(5, '192.0.2.1')).rejects.toMatchObject({
      code: 'auth.too-many-attempts',
      kind: 'too-many',
      retryAfter: 1,
    });
    await from(5, '192.0.2.2');
    clock.advance(1_000);
    await from(6, '192.0.2.1');
  });

  it('S40 logs what happened and to whom, without personal data', async () => {
    const { register, logger } = inMemoryAuth();
    const { userId } = await register(email);
    await register(email);
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[0]?.fields).toEqual({ userId });
    for (const secret of [email, 'Ada', goodPassword, '192.0.2.1']) expect(logger.text).not.toContain(secret);
  });
});
