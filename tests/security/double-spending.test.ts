/** The same thing at the same time, many times: what can be had once is had once. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, product, type Reply, retrying, somebody, Visitor } from '../acceptance/client.ts';
import { type Customer, purchase, type Shop, startShop } from './support/shop.ts';

let shop: Shop;
let buyer: Customer;
beforeAll(async () => {
  shop = await startShop();
  retrying(shop.keeper);
  buyer = await newCustomer();
});
afterAll(() => shop.stop());

const newCustomer = async () => retrying(await shop.newCustomer());
const atOnce = <T>(times: number, work: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: times }, (_, index) => work(index)));
const counts = (replies: readonly Reply[]) => {
  const byStatus: Record<number, number> = {};
  for (const { status } of replies) byStatus[status] = (byStatus[status] ?? 0) + 1;
  return byStatus;
};
const stockOf = async (sku: string) => (await buyer.get(`/v1/products/${sku}`)).body.stock as number;
const order = (sku: string, quantity = 1, paymentToken = 'tok_visa', headers: Record<string, string> = {}) =>
  buyer.post('/v1/orders', { items: [{ sku, quantity }], paymentToken }, headers);
const paymentOf = async (orderId: string) => (await shop.keeper.get(`/v1/payments?orderId=${orderId}`)).body.data[0];

/** In every currency and every transaction of the ledger, and for every payment. */
async function booksAreRight(): Promise<void> {
  const unbalanced = await shop.sql(
    `SELECT transaction_id FROM payments.ledger_entries GROUP BY transaction_id, currency
     HAVING sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0`,
  );
  const overspent = await shop.sql('SELECT id FROM payments.payments WHERE captured > amount OR refunded > captured');
  const refunds = await shop.sql(
    `SELECT p.id FROM payments.payments p LEFT JOIN payments.refunds r ON r.payment_id = p.id AND r.status <> 'failed'
     GROUP BY p.id HAVING p.refunded <> coalesce(sum(r.amount), 0)`,
  );
  expect({ unbalanced, overspent, refunds }).toEqual({ unbalanced: [], overspent: [], refunds: [] });
}

describe('money', () => {
  it('S38 is refunded once, however many refunds of all of it are asked for', async () => {
    const { paymentId } = await purchase(shop, buyer, { price: { amount: 1000, currency: 'EUR' } });
    const refunds = await atOnce(12, () => shop.keeper.post(`/v1/payments/${paymentId}/refunds`, {}));
    expect(counts(refunds)).toEqual({ 201: 1, 409: 11 });
    await shop.snapshot();
    expect((await shop.keeper.get(`/v1/payments/${paymentId}`)).body).toMatchObject({
      captured: 1000,
      refunded: 1000,
      refunds: [{ status: 'succeeded' }],
    });
    await booksAreRight();
  });

  it('S38 is refunded in parts up to what was taken, and not a cent more', async () => {
    const { paymentId } = await purchase(shop, buyer, { price: { amount: 1000, currency: 'EUR' } });
    const refunds = await atOnce(12, () => shop.keeper.post(`/v1/payments/${paymentId}/refunds`, { amount: 300 }));
    expect(counts(refunds)).toEqual({ 201: 3, 409: 9 });
    await shop.snapshot();
    await booksAreRight();
  });

  it('S38 goes back once when an order is cancelled and refunded at the same time', async () => {
    const { paymentId, orderId, sku } = await purchase(shop, buyer, {
      price: { amount: 1000, currency: 'EUR' },
      stock: 5,
    });
    await Promise.all([
      ...Array.from({ length: 4 }, () => buyer.post(`/v1/orders/${orderId}/cancel`)),
      ...Array.from({ length: 4 }, () => shop.keeper.post(`/v1/payments/${paymentId}/refunds`, { amount: 700 })),
    ]);
    await shop.snapshot();
    expect((await shop.keeper.get(`/v1/payments/${paymentId}`)).body).toMatchObject({ captured: 1000, refunded: 1000 });
    expect(await stockOf(sku)).toBe(5);
    await booksAreRight();
  });

  it('S38 is not kept for an order that was cancelled while it was paid, at any moment of the checkout', async () => {
    const { sku } = await product({ stock: 40, price: { amount: 1000, currency: 'EUR' } }, shop.keeper);
    const orders = await atOnce(16, async (index) => {
      const { body } = await order(sku, 1, index % 4 === 3 ? 'tok_flaky' : 'tok_visa');
      if (index % 2) await new Promise((resolve) => setTimeout(resolve, index));
      const { status } = await buyer.post(`/v1/orders/${body.id}/cancel`);
      expect(status).toBe(200);
      return body.id as string;
    });
    await shop.snapshot();
    for (const id of orders) {
      expect((await buyer.get(`/v1/orders/${id}`)).body.status).toBe('cancelled');
      const payment = await paymentOf(id);
      if (payment) expect(payment.refunded).toBe(payment.captured);
      if (payment) expect(['voided', 'captured', 'declined']).toContain(payment.status);
    }
    expect(await stockOf(sku)).toBe(40);
    await booksAreRight();
  });

  it('S38 is taken once for an order that is sent many times under one key', async () => {
    const { sku } = await product({ stock: 10 }, shop.keeper);
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await atOnce(10, () => order(sku, 2, 'tok_visa', headers));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const ids = new Set(answers.flatMap(({ status, body }) => (status === 201 ? [body.id as string] : [])));
    expect(ids.size).toBe(1);
    await shop.snapshot();
    expect(await stockOf(sku)).toBe(8);
    await booksAreRight();
  });
});

describe('stock', () => {
  it('S38 is sold once, however many ask for it at the same time', async () => {
    const [mug, cup] = [await product({ stock: 5 }, shop.keeper), await product({ stock: 7 }, shop.keeper)];
    const both = (first: string, second: string) =>
      buyer.post('/v1/orders', {
        items: [
          { sku: first, quantity: 1 },
          { sku: second, quantity: 1 },
        ],
        paymentToken: 'tok_visa',
      });
    const answers = await atOnce(20, (index) => (index % 2 ? both(mug.sku, cup.sku) : both(cup.sku, mug.sku)));
    expect(counts(answers)).toEqual({ 201: 5, 409: 15 });
    expect([await stockOf(mug.sku), await stockOf(cup.sku)]).toEqual([0, 2]);
  });

  it('S38 comes back once, however often the order is cancelled', async () => {
    const { sku, orderId } = await purchase(shop, buyer, { stock: 3 });
    expect(counts(await atOnce(10, () => buyer.post(`/v1/orders/${orderId}/cancel`)))).toEqual({ 200: 10 });
    expect(await stockOf(sku)).toBe(3);
  });

  it('S38 cannot overflow: a total beyond all bounds is refused, and nothing is reserved', async () => {
    const { sku } = await product(
      { price: { amount: 1_000_000_000_000, currency: 'EUR' }, stock: 1_000_000_000 },
      shop.keeper,
    );
    const items = Array.from({ length: 100 }, () => ({ sku, quantity: 10_000 }));
    for (const wanted of [items, items.slice(0, 1), [{ sku, quantity: 2 }]]) {
      const { status, body } = await buyer.post('/v1/orders', { items: wanted, paymentToken: 'tok_visa' });
      expect([status, body.code]).toEqual([400, 'orders.total-too-large']);
    }
    expect(await stockOf(sku)).toBe(1_000_000_000);
  });
});

describe('what works once', () => {
  const stranger = () => retrying(new Visitor(shop.url));

  it('S38 a refresh token gives one successor at most, and none once that was used', async () => {
    const { person } = await newCustomer();
    const { body } = await stranger().post('/v1/auth/login', { email: person.email, password: person.password });
    const refresh = (refreshToken: string) => stranger().post('/v1/auth/refresh', { refreshToken });
    const answers = await atOnce(10, () => refresh(body.refreshToken));
    expect(counts(answers)).toEqual({ 200: 10 });
    const successors = new Set(answers.map(({ body: { refreshToken } }) => refreshToken as string));
    expect(successors.size).toBe(1);
    const next = await refresh([...successors][0]!);
    expect([
      next.status,
      (await refresh(body.refreshToken)).status,
      (await refresh(next.body.refreshToken)).status,
    ]).toEqual([200, 401, 401]);
    expect((await Object.assign(stranger(), { accessToken: next.body.accessToken }).get('/v1/users/me')).status).toBe(
      401,
    );
  });

  it('S38 an e-mail address becomes one account', async () => {
    const { email } = somebody();
    const people = Array.from({ length: 5 }, () => ({ ...somebody(), email }));
    expect(counts(await Promise.all(people.map((person) => stranger().post('/v1/auth/register', person))))).toEqual({
      201: 5,
    });
    const logins = await Promise.all(
      people.map(({ password }) => stranger().post('/v1/auth/login', { email, password })),
    );
    expect(counts(logins)).toEqual({ 200: 1, 401: 4 });
  });

  it('S38 a password is changed by one of many who know it', async () => {
    const someone = await newCustomer();
    const passwords = Array.from({ length: 5 }, () => `another password ${randomUUID()}`);
    const changes = await Promise.all(
      passwords.map((newPassword) =>
        someone.post('/v1/auth/password', { currentPassword: someone.person.password, newPassword }),
      ),
    );
    expect(counts(changes)).toEqual({ 204: 1, 401: 4 });
  });

  it('S38 a version is replaced by one of many who have seen it', async () => {
    const someone = await newCustomer();
    const etag = (await someone.get('/v1/users/me')).headers.get('etag')!;
    const changes = await atOnce(10, (index) =>
      someone.patch('/v1/users/me', { name: `Name ${index}` }, { 'if-match': etag }),
    );
    expect(counts(changes)).toEqual({ 200: 1, 412: 9 });
  });

  it('S38 an address book takes fifty of sixty', async () => {
    const someone = await newCustomer();
    const address = { recipient: 'Ada', line1: '1 Any Street', city: 'Anytown', postalCode: '12345', country: 'DE' };
    expect(counts(await atOnce(60, () => someone.post('/v1/users/me/addresses', address)))).toEqual({
      201: 50,
      409: 10,
    });
  });

  it('S38 a person who shops on while they are erased leaves nothing behind that is theirs', async () => {
    const someone = await newCustomer();
    const { sku } = await product({ stock: 10_000 }, shop.keeper);
    const shopping = atOnce(6, async () => {
      let last: Reply;
      do last = await someone.post('/v1/orders', { items: [{ sku, quantity: 1 }], paymentToken: 'tok_visa' });
      while (last.status === 201);
      return last;
    });
    await eventually(
      () => someone.get('/v1/orders'),
      ({ body }) => body.data.length > 5,
    );
    await someone.delete('/v1/users/me');
    expect(counts(await shopping)).toEqual({ 401: 6 });
    await shop.snapshot();
    expect(await shop.sql('SELECT id, status FROM orders.orders WHERE customer_id = $1', [someone.userId])).toEqual([]);
    expect(await shop.sql('SELECT id FROM payments.payments WHERE customer_id = $1', [someone.userId])).toEqual([]);
    await booksAreRight();
  });
});
