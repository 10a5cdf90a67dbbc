import { describe, expect, it } from 'vitest';
import { customer, eventually, product, Visitor } from './client.ts';

const home = {
  label: 'home',
  recipient: 'Ada Lovelace',
  line1: '12 St James Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

describe('a profile', () => {
  it('is changed by the version one has seen, and by no other', async () => {
    const someone = await customer();
    const seen = (await someone.get('/v1/users/me')).headers.get('etag')!;
    const changed = await someone.patch('/v1/users/me', { name: 'Countess of Lovelace' }, { 'if-match': seen });
    expect(changed.status).toBe(200);
    expect(changed.body.name).toBe('Countess of Lovelace');
    const late = await someone.patch('/v1/users/me', { name: 'Ada' }, { 'if-match': seen });
    expect(late.status).toBe(412);
    expect((await someone.get('/v1/users/me')).body.name).toBe('Countess of Lovelace');
  });

  it('is for its owner only', async () => {
    expect((await new Visitor().get('/v1/users/me')).status).toBe(401);
  });
});

describe('an address book', () => {
  it('takes, shows, replaces and drops addresses', async () => {
    const someone = await customer();
    const added = await someone.post('/v1/users/me/addresses', home);
    expect(added.status).toBe(201);
    const { id } = added.body;
    expect((await someone.get(`/v1/users/me/addresses`)).body.addresses).toMatchObject([{ id, ...home }]);

    const replaced = await someone.put(`/v1/users/me/addresses/${id}`, { ...home, city: 'Marylebone' });
    expect(replaced.status).toBe(200);
    expect((await someone.get(`/v1/users/me/addresses`)).body.addresses).toMatchObject([{ id, city: 'Marylebone' }]);

    expect((await someone.delete(`/v1/users/me/addresses/${id}`)).status).toBe(204);
    expect((await someone.get(`/v1/users/me/addresses`)).body.addresses).toEqual([]);
  });

  it("hides other people's addresses", async () => {
    const [someone, other] = await Promise.all([customer(), customer()]);
    const { id } = (await someone.post('/v1/users/me/addresses', home)).body;
    expect((await other.put(`/v1/users/me/addresses/${id}`, home)).status).toBe(404);
    expect((await other.delete(`/v1/users/me/addresses/${id}`)).status).toBe(404);
  });
});

describe('what is stored about a person', () => {
  it('is handed out whole, and forgotten everywhere on request', async () => {
    const someone = await customer();
    const mug = await product();
    await someone.post('/v1/users/me/addresses', home);
    const { id } = (
      await someone.post(
        '/v1/orders',
        { items: [{ sku: mug.sku, quantity: 1 }], paymentToken: 'tok_visa' },
        { prefer: 'wait=10' },
      )
    ).body;

    const { status, body } = await someone.get('/v1/users/me/export');
    expect(status).toBe(200);
    expect(body.profile).toMatchObject({ email: someone.person.email });
    expect(body.account).toMatchObject({ email: someone.person.email });
    expect(body.addresses).toMatchObject([home]);
    expect(body.orders).toMatchObject([{ id }]);
    expect(body.payments).toMatchObject([{ orderId: id }]);

    expect((await someone.delete('/v1/users/me')).status).toBe(204);
    await eventually(
      () => someone.get('/v1/users/me'),
      ({ status }) => status === 401,
    );
    const credentials = { email: someone.person.email, password: someone.person.password };
    expect((await new Visitor().post('/v1/auth/login', credentials)).status).toBe(401);
    const anew = await new Visitor().post('/v1/auth/register', someone.person);
    expect(anew.status, 'the e-mail address is free again').toBe(201);
  });
});
