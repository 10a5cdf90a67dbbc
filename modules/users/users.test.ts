/** The module on its own, over HTTP; what it calls of other modules is answered from memory. */
import { v7 as uuid } from 'uuid';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestProgram, type TestProgram } from '../../tests/support/program.ts';
import { whenTaken } from '../../tests/support/when-taken.ts';
import { AuthApi } from '../auth/contract.ts';
import { OrdersApi } from '../orders/contract.ts';
import { PaymentsApi } from '../payments/contract.ts';
import {
  anOrderOf,
  aPaymentOf,
  authKnowing,
  ordersOf,
  paymentsOf,
  rightPassword,
  staleSession,
} from './testing/other-modules.ts';
import { aRegistration, atHome, atWork } from './testing/people.ts';

const auth = authKnowing();
const [orders, payments] = [{} as Parameters<typeof ordersOf>[0], {} as Parameters<typeof paymentsOf>[0]];

let program: TestProgram;
beforeAll(async () => {
  program = await startTestProgram({
    modules: ['users'],
    remotes: [
      [AuthApi, auth],
      [OrdersApi, ordersOf(orders)],
      [PaymentsApi, paymentsOf(payments)],
    ],
  });
});
afterAll(() => program.stop());

const me = '/v1/users/me';
const addresses = `${me}/addresses`;

/** Somebody who has just registered; the event has not arrived, and never will. */
function somebody() {
  const registration = aRegistration();
  const { userId } = registration;
  auth.accounts.set(userId, registration);
  const bearer = `Bearer ${program.tokenFor({ userId })}`;
  const send = (method: 'get' | 'post' | 'put' | 'patch' | 'delete') => (path: string, body?: object) =>
    supertest(program.url)[method](path).set('authorization', bearer).send(body);
  return {
    registration,
    userId,
    get: send('get'),
    post: send('post'),
    put: send('put'),
    patch: send('patch'),
    delete: send('delete'),
  };
}

describe('your profile', () => {
  it('is there as soon as you have registered', async () => {
    const { registration, userId, get } = somebody();
    const { body, headers } = await get(me).expect(200);
    const { email, name, registeredAt } = registration;
    const times = { createdAt: registeredAt, updatedAt: registeredAt };
    expect(body).toEqual({ userId, email, emailVerified: false, name, phone: null, version: 1, ...times });
    expect(headers.etag).toBe('"1"');
  });

  it('need not be sent again while it stays the same', async () => {
    const { get } = somebody();
    const { headers } = await get(me);
    const { status, text } = await get(me).set('if-none-match', headers.etag!);
    expect({ status, text }).toEqual({ status: 304, text: '' });
  });

  it('changes where you have seen its last version', async () => {
    const { get, patch } = somebody();
    const { headers } = await patch(me, { phone: '+44 20 7946 0000' }).set('if-match', '"1"').expect(200);
    expect(headers.etag).toBe('"2"');
    const { body } = await patch(me, { phone: null }).set('if-match', '"1"').expect(412);
    expect(body.code).toBe('platform.precondition-failed');
    expect((await get(me)).body).toMatchObject({ phone: '+44 20 7946 0000', version: 2 });
  });

  it('changes without a version too, and keeps what is not given', async () => {
    const { registration, patch } = somebody();
    await patch(me, { phone: '112' }).expect(200);
    const { body } = await patch(me, { phone: null }).expect(200);
    expect(body).toMatchObject({ name: registration.name, phone: null, version: 3 });
  });

  it.each([
    ['an empty name', { name: '   ' }, '/name'],
    ['a name with a line break', { name: 'Ada\r\nSet-Cookie: a=b' }, '/name'],
    ['a name that cannot be stored', { name: 'A\u0000da' }, '/name'],
    ['a phone number of 31 characters', { phone: '1'.repeat(31) }, '/phone'],
  ])('refuses %s', async (_, change, path) => {
    const { patch } = somebody();
    const { body } = await patch(me, change).expect(400);
    expect(body.errors).toMatchObject([{ path }]);
  });

  it.each(['userId', 'email', 'version', 'createdAt', 'roles'])('S31 takes no %s from you', async (field) => {
    const { get, patch } = somebody();
    const before = (await get(me)).body;
    await patch(me, { name: 'Eve', [field]: field === 'version' ? 7 : uuid() }).expect(400);
    expect((await get(me)).body).toEqual(before);
  });

  it('S29 is shown, changed and erased for you only', async () => {
    const { get } = somebody();
    const before = (await get(me)).body;
    const anonymous = supertest(program.url);
    const asked = [anonymous.get(me), anonymous.get(`${me}/export`), anonymous.get(addresses), anonymous.delete(me)];
    for (const { status } of await Promise.all(asked)) expect(status).toBe(401);
    await somebody().delete(me).expect(204);
    expect((await get(me)).body).toEqual(before);
  });
});

describe('your address book', () => {
  it('works before anything else of you is known', async () => {
    const { get, post } = somebody();
    const added = await post(addresses, atHome).expect(201);
    expect(added.body).toMatchObject({ ...atHome, version: 1 });
    expect(added.headers).toMatchObject({ etag: '"1"', location: `${addresses}/${added.body.id}` });
    expect((await get(addresses).expect(200)).body).toEqual({ addresses: [added.body] });
    expect((await get(added.headers.location!).expect(200)).body).toEqual(added.body);
  });

  it('adds an address once for a key, however often it is sent', async () => {
    const { get, post } = somebody();
    const key = uuid();
    const first = await post(addresses, atHome).set('idempotency-key', key).expect(201);
    const again = await post(addresses, atHome).set('idempotency-key', key).expect(201);
    expect(again.text).toBe(first.text);
    expect(again.headers.etag).toBe(first.headers.etag);
    await post(addresses, atWork).set('idempotency-key', key).expect(422);
    expect((await get(addresses)).body.addresses).toHaveLength(1);
  });

  it('replaces an address where you have seen its last version', async () => {
    const { get, post, put } = somebody();
    const { id } = (await post(addresses, atHome)).body;
    const replaced = await put(`${addresses}/${id}`, atWork).set('if-match', '"1"').expect(200);
    expect(replaced.headers.etag).toBe('"2"');
    expect(replaced.body).not.toHaveProperty('label');
    await put(`${addresses}/${id}`, atHome).set('if-match', '"1"').expect(412);
    expect((await get(`${addresses}/${id}`)).body).toEqual(replaced.body);
  });

  it('deletes an address where you have seen its last version', async () => {
    const { get, post, put, delete: remove } = somebody();
    const { id } = (await post(addresses, atHome)).body;
    await put(`${addresses}/${id}`, atWork);
    await remove(`${addresses}/${id}`).set('if-match', '"1"').expect(412);
    await remove(`${addresses}/${id}`).set('if-match', '"2"').expect(204);
    await remove(`${addresses}/${id}`).expect(404);
    expect((await get(addresses)).body).toEqual({ addresses: [] });
  });

  it('holds 50 addresses', async () => {
    const { post } = somebody();
    const added = await Promise.all(Array.from({ length: 50 }, () => whenTaken(() => post(addresses, atWork))));
    for (const { status } of added) expect(status).toBe(201);
    const { body } = await post(addresses, atWork).expect(409);
    expect(body.code).toBe('users.too-many-addresses');
  });

  it("S29 does not tell whether an id is somebody else's address", async () => {
    const [owner, stranger] = [somebody(), somebody()];
    const { body: address } = await owner.post(addresses, atHome);
    for (const id of [address.id, uuid()]) {
      const path = `${addresses}/${id}`;
      for (const asked of [stranger.get(path), stranger.put(path, atWork), stranger.delete(path)]) {
        const { body } = await asked.expect(404);
        expect(body.code).toBe('users.address-not-found');
      }
    }
    expect((await owner.get(addresses)).body).toEqual({ addresses: [address] });
  });

  it.each([
    ['userId', uuid()],
    ['id', uuid()],
    ['version', 9],
    ['verified', true],
  ])('S31 takes no %s from you', async (field, value) => {
    const { get, post, put } = somebody();
    await post(addresses, { ...atHome, [field]: value }).expect(400);
    const { id } = (await post(addresses, atHome)).body;
    await put(`${addresses}/${id}`, { ...atWork, [field]: value }).expect(400);
    expect((await get(`${addresses}/${id}`)).body).toMatchObject({ ...atHome, id, version: 1 });
  });

  it.each([
    ['a country that is none', { ...atHome, country: 'Germany' }, '/country'],
    ['no recipient', { ...atHome, recipient: '' }, '/recipient'],
    ['a line of 201 characters', { ...atHome, line1: 'x'.repeat(201) }, '/line1'],
  ])('refuses %s', async (_, fields, path) => {
    const { body } = await somebody().post(addresses, fields).expect(400);
    expect(body.errors).toMatchObject([{ path }]);
  });
});

describe('what is stored about you', () => {
  it('is handed out whole', async () => {
    const { userId, registration, get, post } = somebody();
    orders[userId] = [anOrderOf(userId)];
    payments[userId] = [aPaymentOf(userId)];
    const { body: address } = await post(addresses, atHome);
    const { body } = await get(`${me}/export`).expect(200);
    expect(body).toMatchObject({
      profile: { userId, email: registration.email },
      addresses: [address],
      account: { email: registration.email, roles: ['customer'] },
      orders: orders[userId],
      payments: payments[userId],
    });
  });

  it('is erased for good, also when you ask twice and auth still knows you', async () => {
    const { get, post, patch, delete: remove } = somebody();
    await get(me);
    await post(addresses, atHome);
    await remove(me).expect(204);
    await remove(me).expect(204);
    await get(me).expect(404);
    await patch(me, { name: 'Back again' }).expect(404);
    await post(addresses, atHome).expect(404);
    expect((await get(addresses)).body).toEqual({ addresses: [] });
    expect((await get(`${me}/export`).expect(200)).body).toMatchObject({ profile: null, addresses: [] });
  });

  it('S27 is erased with a password or a fresh login, and an access token alone is not enough', async () => {
    const { userId, get } = somebody();
    const bearer = `Bearer ${program.tokenFor({ userId, sessionId: staleSession })}`;
    const erase = (body?: object) => supertest(program.url).delete(me).set('authorization', bearer).send(body);
    for (const body of [undefined, {}]) {
      expect((await erase(body).expect(403)).body).toMatchObject({
        code: 'auth.confirmation-required',
        detail: expect.stringMatching('password'),
      });
    }
    await erase({ password: 'a wrong password' }).expect(401);
    await erase({ password: '' }).expect(400);
    await get(me).expect(200);
    await erase({ password: rightPassword }).expect(204);
    await get(me).expect(404);
  });

  it('leaves an account alone when another one is erased', async () => {
    const [leaving, staying] = [somebody(), somebody()];
    await staying.post(addresses, atHome);
    await leaving.delete(me).expect(204);
    await staying.get(me).expect(200);
    expect((await staying.get(addresses)).body.addresses).toHaveLength(1);
  });

  it('S40 does not show in the log', async () => {
    const { get, post, patch, delete: remove } = somebody();
    const secret = `secret-${uuid()}`;
    await patch(me, { name: secret }).expect(200);
    await patch(me, { name: secret, phone: `${secret}-too-long` }).expect(400);
    await post(addresses, { ...atHome, line1: secret }).expect(201);
    await post(addresses, { ...atHome, line1: secret, country: secret }).expect(400);
    await get(`${me}/export`).expect(200);
    await remove(me).expect(204);
    const log = program.logged.join('\n');
    expect(log).toContain('/v1/users/me');
    expect(log).not.toContain(secret);
    expect(log).not.toContain('ada@example.com');
  });
});
