/** Passwords and sessions, over HTTP and as they lie in the database. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Person, somebody, Visitor } from '../acceptance/client.ts';
import { startTestProgram } from '../support/program.ts';
import { type Customer, type Shop, startShop } from './support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

const stranger = () => new Visitor(shop.url);
const register = (fields: Partial<Person>) => stranger().post('/v1/auth/register', { ...somebody(), ...fields });
const logIn = ({ email, password }: { email: string; password: string }) =>
  stranger().post('/v1/auth/login', { email, password });
const isIn = async (visitor: Visitor) => (await visitor.get('/v1/users/me')).status === 200;
const elsewhere = async ({ person }: Customer) => {
  const { body } = await logIn(person);
  return Object.assign(stranger(), {
    accessToken: body.accessToken as string,
    refreshToken: body.refreshToken as string,
  });
};
const refreshed = ({ refreshToken }: { refreshToken: string }) => stranger().post('/v1/auth/refresh', { refreshToken });

describe('a password', () => {
  it('S22 lies in the database as argon2id of 19 MiB, two passes and one lane, salted', async () => {
    const password = `the same password ${randomUUID()}`;
    for (let count = 0; count < 2; count++) expect((await register({ password })).status).toBe(201);
    const rows = await shop.sql('SELECT password_hash AS hash FROM auth.accounts');
    const hashes = rows.map(({ hash }) => hash as string);
    for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('S22 is hashed anew at the next login when that has become too weak', async () => {
    const { person, userId } = await shop.newCustomer();
    const stored = async () =>
      (await shop.sql('SELECT password_hash AS hash FROM auth.accounts WHERE id = $1', [userId]))[0]?.hash;
    const before = await stored();
    const stronger = await startTestProgram({
      databaseUrl: shop.program.databaseUrl,
      environment: { PASSWORD_HASH_PASSES: '3' },
    });
    try {
      const { status } = await new Visitor(stronger.url).post('/v1/auth/login', {
        email: person.email,
        password: person.password,
      });
      expect([status, await stored()]).toEqual([200, expect.stringContaining('$m=19456,t=3,p=1$')]);
    } finally {
      await stronger.stop();
    }
    expect(await stored()).not.toBe(before);
    expect((await logIn(person)).status).toBe(200);
  });

  it.each([
    ['PASSWORD_HASH_MEMORY', '19455'],
    ['PASSWORD_HASH_PASSES', '1'],
    ['PASSWORD_MIN_LENGTH', '7'],
  ])('S22, S23 cannot be weakened by %s', async (name, value) => {
    await expect(
      startTestProgram({ databaseUrl: shop.program.databaseUrl, environment: { [name]: value } }),
    ).rejects.toThrow(name);
  });

  it.each([
    ['128 characters of any script', '🐎ñ漢字 пароль '.repeat(20)],
    ['spaces at its ends', `   ${randomUUID()}   `],
    ['quotes, markup and zero bytes in words', `'"; DROP TABLE <b>\\0%00 ${randomUUID()}`],
    ['lower case only', `only some lower case letters ${'x'.repeat(20)}`],
  ])('S23 may have %s, and every one of them counts', async (_, text) => {
    const password = [...text].slice(0, 128).join('');
    const person = { ...somebody(), password };
    expect((await register(person)).status).toBe(201);
    expect((await logIn(person)).status).toBe(200);
    for (const other of [password.slice(0, -1), `${password.slice(0, -1)}?`, password.toUpperCase(), `${password} `]) {
      if (other !== password) expect((await logIn({ ...person, password: other })).status).toBe(401);
    }
  });

  it.each([
    ['S23 of 14 characters', '🐎'.repeat(14)],
    ['S23 of 129 characters', 'x'.repeat(129)],
    ['S24 that everybody uses', 'passwordpassword'],
    ['S24 that everybody uses, in capitals', 'PASSWORDPASSWORD'],
  ])('%s is refused, by name of the field', async (_, password) => {
    const { status, body } = await register({ password });
    expect([status, body.code]).toEqual([400, 'auth.weak-password']);
    expect(body.errors).toMatchObject([{ path: '/password' }]);
    expect(JSON.stringify(body)).not.toContain(password);
  });

  it('S24 that is the e-mail address is refused', async () => {
    const email = `${randomUUID()}@example.com`;
    expect((await register({ email, password: email.toUpperCase() })).body.code).toBe('auth.weak-password');
  });
});

describe('somebody who guesses', () => {
  const told = ({ status, headers, body: { requestId: _, ...body } }: Awaited<ReturnType<typeof logIn>>) => ({
    status,
    body,
    names: [...headers.keys()].sort(),
  });

  it('S25 learns from no answer whether there is an account', async () => {
    const { person } = await shop.newCustomer();
    const [wrong, unknown] = [await logIn({ ...person, password: randomUUID() }), await logIn(somebody())];
    expect(told(wrong)).toMatchObject({ status: 401, body: { code: 'auth.wrong-credentials' } });
    expect(told(unknown)).toEqual(told(wrong));
  });

  it('S25 learns nothing from the time that answers take', async () => {
    // Processor time: the program runs in this process, and other load of the machine does not count.
    const times = { wrong: [] as number[], unknown: [] as number[] };
    for (let round = 0; round < 5; round++) {
      const { person } = await shop.newCustomer();
      for (const [kind, credentials] of [
        ['wrong', { ...person, password: randomUUID() }],
        ['unknown', somebody()],
      ] as const) {
        const before = process.cpuUsage();
        await logIn(credentials);
        const { user, system } = process.cpuUsage(before);
        times[kind].push(user + system);
      }
    }
    // Collecting garbage and the like only add to it.
    const ratio = Math.min(...times.unknown) / Math.min(...times.wrong);
    // Without the hash of an unknown account it would be a tenth.
    expect(ratio).toBeGreaterThan(0.4);
    expect(ratio).toBeLessThan(2.5);
  });

  it('S26 has to wait after a few wrong ones at one account, from wherever they say they come', async () => {
    const { person } = await shop.newCustomer();
    const guess = (count: number) =>
      stranger().post(
        '/v1/auth/login',
        { email: person.email, password: randomUUID() },
        { 'x-forwarded-for': `198.51.100.${count}`, forwarded: `for=198.51.100.${count}` },
      );
    const statuses = [];
    let last = await guess(0);
    for (let count = 1; count < 8 && last.status === 401; count++) {
      statuses.push(last.status);
      last = await guess(count);
    }
    expect(last.status).toBe(429);
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await logIn(person)).status, 'and the right one is of no use meanwhile').toBe(429);
  });

  it('S26 has to wait after many wrong ones from one address, whatever the accounts', async () => {
    const strict = await startTestProgram({
      environment: { LOGIN_FAILURES_PER_ADDRESS: '3', REGISTRATIONS_PER_ADDRESS: '3' },
    });
    try {
      const visitor = new Visitor(strict.url);
      const outcome = async (path: string) => {
        const statuses = [];
        for (let count = 0; count < 5; count++)
          statuses.push(
            (
              await visitor.post(
                path,
                path.endsWith('login') ? { email: somebody().email, password: 'x' } : somebody(),
                { 'x-forwarded-for': `198.51.100.${count}` },
              )
            ).status,
          );
        return statuses;
      };
      expect(await outcome('/v1/auth/login')).toEqual([401, 401, 401, 401, 429]);
      expect(await outcome('/v1/auth/register')).toEqual([201, 201, 201, 201, 429]);
    } finally {
      await strict.stop();
    }
  });
});

describe('a session', () => {
  it('S27 ends with a change of the password, which needs the current one, and the one that changed it stays', async () => {
    const someone = await shop.newCustomer();
    const other = await elsewhere(someone);
    const password = `a new one ${randomUUID()}`;
    const change = (currentPassword: string) =>
      someone.post('/v1/auth/password', { currentPassword, newPassword: password });
    expect((await change('not the current one')).status).toBe(401);
    expect((await someone.post('/v1/auth/password', { newPassword: password })).status).toBe(400);
    expect(await isIn(other)).toBe(true);
    expect((await change(someone.person.password)).status).toBe(204);
    expect([await isIn(someone), await isIn(other), (await refreshed(other)).status]).toEqual([true, false, 401]);
    expect([(await logIn(someone.person)).status, (await logIn({ ...someone.person, password })).status]).toEqual([
      401, 200,
    ]);
  });

  it('S28 ends at once everywhere when its account is disabled, and every module notices', async () => {
    const someone = await shop.newCustomer();
    const other = await elsewhere(someone);
    const pages = ['/v1/users/me', '/v1/orders', '/v1/payments', '/v1/users/me/export'];
    const statuses = (visitor: Visitor) => Promise.all(pages.map(async (path) => (await visitor.get(path)).status));
    expect(await statuses(someone)).toEqual([200, 200, 200, 200]);
    expect(await isIn(other)).toBe(true);
    expect((await shop.keeper.post(`/v1/auth/accounts/${someone.userId}/disable`)).status).toBe(204);
    expect(await statuses(someone)).toEqual([401, 401, 401, 401]);
    expect([await isIn(other), (await refreshed(other)).status, (await logIn(someone.person)).status]).toEqual([
      false,
      401,
      401,
    ]);
  });

  it('S28 ends when its person is erased, and when it is logged out', async () => {
    const [erased, gone] = [await shop.newCustomer(), await elsewhere(await shop.newCustomer())];
    expect((await erased.delete('/v1/users/me')).status).toBe(204);
    await shop.snapshot();
    expect(await isIn(erased)).toBe(false);
    expect(await isIn(gone)).toBe(true);
    expect((await stranger().post('/v1/auth/logout', { refreshToken: gone.refreshToken })).status).toBe(204);
    expect(await isIn(gone)).toBe(false);
  });

  it('S13 ends for everybody when a refresh token comes a second time', async () => {
    const session = await elsewhere(await shop.newCustomer());
    const next = await refreshed(session);
    const last = await refreshed(next.body);
    expect([last.status, (await refreshed(session)).status, (await refreshed(last.body)).status]).toEqual([
      200, 401, 401,
    ]);
    expect(await isIn(Object.assign(stranger(), { accessToken: last.body.accessToken }))).toBe(false);
  });
});
