import { describe, expect, it } from 'vitest';
import { admin, customer, somebody, Visitor } from './client.ts';

async function logIn(person: { email: string; password: string }, fields: object = {}) {
  const visitor = new Visitor();
  const { status, body } = await visitor.post('/v1/auth/login', {
    email: person.email,
    password: person.password,
    ...fields,
  });
  visitor.accessToken = body.accessToken;
  return Object.assign(visitor, { status, code: body.code as string, refreshToken: body.refreshToken as string });
}

describe('an administrator', () => {
  it('finds accounts and sees one', async () => {
    const keeper = await admin();
    const { person, userId } = await customer();
    const found = await keeper.get(`/v1/auth/accounts?email=${person.email.slice(0, 20)}&state=active&role=customer`);
    expect(found.body.data).toMatchObject([{ userId, email: person.email, roles: ['customer'], disabledAt: null }]);
    const { status, body } = await keeper.get(`/v1/auth/accounts/${userId}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ userId, factors: { totp: false }, sessions: [{ id: expect.any(String) }] });
  });

  it('grants roles that open doors, and takes them at once in every process', async () => {
    const keeper = await admin();
    const { person, userId } = await customer();
    const roles = `/v1/auth/accounts/${userId}/roles`;
    expect((await keeper.post(roles, { grant: ['catalogue', 'support'], take: [] })).body).toEqual({
      roles: ['customer', 'support', 'catalogue'],
    });
    const staff = await logIn(person);
    const add = (visitor: Visitor) =>
      visitor.post('/v1/products', {
        sku: `sku-${crypto.randomUUID()}`,
        name: 'A mug',
        price: { amount: 1, currency: 'EUR' },
        stock: 1,
      });
    expect((await add(staff)).status).toBe(201);
    expect((await staff.get('/v1/auth/accounts?limit=1')).status).toBe(200);
    expect(
      (await staff.post(roles, { grant: ['admin'], take: [] })).status,
      'nobody makes themselves an administrator',
    ).toBe(403);

    expect((await keeper.post(roles, { grant: [], take: ['catalogue'] })).body).toEqual({
      roles: ['customer', 'support'],
    });
    await expect.poll(async () => (await add(staff)).status, { timeout: 60_000 }).toBe(401);
    const { body } = await staff.post('/v1/auth/refresh', { refreshToken: staff.refreshToken });
    staff.accessToken = body.accessToken;
    expect((await add(staff)).status).toBe(403);
    expect((await staff.get('/v1/auth/accounts?limit=1')).status).toBe(200);
  });

  it('ends the sessions of an account, and has it choose another password', async () => {
    const keeper = await admin();
    const someone = await customer();
    expect((await keeper.post(`/v1/auth/accounts/${someone.userId}/end-sessions`)).status).toBe(204);
    await expect.poll(async () => (await someone.get('/v1/users/me')).status, { timeout: 60_000 }).toBe(401);
    expect((await keeper.post(`/v1/auth/accounts/${someone.userId}/require-new-password`)).status).toBe(204);
    expect(await logIn(someone.person)).toMatchObject({ status: 403, code: 'auth.password-change-required' });
    expect(await logIn(someone.person, { newPassword: somebody().password })).toMatchObject({ status: 200 });
  });

  it('finds the logins of an account in the audit log', async () => {
    const keeper = await admin();
    const { person, userId } = await customer();
    await logIn({ ...person, password: 'not the password at all' });
    const { body } = await keeper.get(`/v1/auth/audit?target=${userId}&act=auth.log-in`);
    expect(body.data).toMatchObject([
      { outcome: 'refused', actor: null, details: { reason: 'wrong password' } },
      { outcome: 'done', actor: userId, details: { methods: ['pwd'] } },
    ]);
  });
});
