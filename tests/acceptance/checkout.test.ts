import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { admin, customer, eventually, product, retrying, Visitor } from './client.ts';

type Customer = Awaited<ReturnType<typeof customer>>;
let someone: Customer;
let keeper: Visitor;
beforeAll(async () => {
  [someone, keeper] = [retrying(await customer()), retrying(await admin())];
});

const order = (
  as: Visitor,
  sku: string,
  quantity = 1,
  paymentToken = 'tok_visa',
  headers: Record<string, string> = { prefer: 'wait=10' },
) => as.post('/v1/orders', { items: [{ sku, quantity }], paymentToken }, headers);
const stockOf = async (sku: string) => (await new Visitor().get(`/v1/products/${sku}`)).body.stock as number;
const paymentsOf = async (orderId: string) => (await keeper.get(`/v1/payments?orderId=${orderId}`)).body.data;
const settled = (id: string, status: string) =>
  eventually(
    () => someone.get(`/v1/orders/${id}`),
    ({ body }) => body.status === status,
  );

describe('placing an order', () => {
  it('ends paid, at the prices of the catalogue, with the stock taken', async () => {
    const mug = await product({ price: { amount: 1250, currency: 'EUR' }, stock: 10 }, keeper);
    const { status, headers, body } = await order(someone, mug.sku, 3);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'paid',
      total: { amount: 3750, currency: 'EUR' },
      items: [{ sku: mug.sku, quantity: 3, unitPrice: { amount: 1250, currency: 'EUR' } }],
    });
    expect(headers.get('location')).toBe(`/v1/orders/${body.id}`);
    expect(await stockOf(mug.sku)).toBe(7);
    expect(await paymentsOf(body.id)).toMatchObject([{ status: 'captured', captured: 3750, refunded: 0 }]);
    const { body: later } = await someone.get(`/v1/orders/${body.id}`);
    expect(later.history.map(({ status }: { status: string }) => status)).toEqual(['pending', 'paid']);
  });

  it('answers at once when nobody waits, and is paid soon after', async () => {
    const mug = await product({}, keeper);
    const { status, body } = await order(someone, mug.sku, 1, 'tok_visa', {});
    expect(status).toBe(201);
    expect(['pending', 'paid']).toContain(body.status);
    await settled(body.id, 'paid');
  });

  it.each([
    ['tok_declined', 'payments.declined'],
    ['tok_insufficient_funds', 'payments.insufficient-funds'],
    ['tok_of_nobody', 'payments.invalid-token'],
  ])('with %s ends cancelled, says %s, and gives the stock back', async (token, code) => {
    const mug = await product({ stock: 5 }, keeper);
    const { status, body } = await order(someone, mug.sku, 2, token);
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'cancelled', cancellation: { code } });
    expect(await stockOf(mug.sku)).toBe(5);
    for (const payment of await paymentsOf(body.id)) expect(payment).toMatchObject({ captured: 0 });
  });

  it.concurrent('survives a provider that fails twice', async () => {
    const mug = await product({}, keeper);
    const { body } = await order(someone, mug.sku, 1, 'tok_flaky');
    await settled(body.id, 'paid');
    expect(await paymentsOf(body.id)).toMatchObject([{ status: 'captured', captured: 1250 }]);
  });

  it.concurrent('waits for a slow provider as long as asked', async () => {
    const mug = await product({}, keeper);
    const { body } = await order(someone, mug.sku, 1, 'tok_slow');
    expect(body.status).toBe('paid');
  });

  it.concurrent('stays pending while the provider does not answer, and can be cancelled', async () => {
    const mug = await product({ stock: 5 }, keeper);
    const { body } = await order(someone, mug.sku, 5, 'tok_timeout', { prefer: 'wait=1' });
    expect(body.status).toBe('pending');
    expect(await stockOf(mug.sku)).toBe(0);

    const cancelled = await someone.post(`/v1/orders/${body.id}/cancel`);
    expect(cancelled.status).toBe(200);
    expect(cancelled.body).toMatchObject({ status: 'cancelled', cancellation: { code: expect.any(String) } });
    expect(await stockOf(mug.sku)).toBe(5);
    await eventually(
      () => paymentsOf(body.id),
      (payments) => payments.every(({ status }: { status: string }) => status === 'voided' || status === 'declined'),
    );
  });

  it('refuses what is not in stock, and takes none of it', async () => {
    const mug = await product({ stock: 2 }, keeper);
    const plenty = await product({ stock: 10 }, keeper);
    const refused = await someone.post('/v1/orders', {
      items: [
        { sku: plenty.sku, quantity: 1 },
        { sku: mug.sku, quantity: 3 },
      ],
      paymentToken: 'tok_visa',
    });
    expect(refused.status).toBe(409);
    expect(refused.body.code).toBe('orders.out-of-stock');
    expect([await stockOf(mug.sku), await stockOf(plenty.sku)]).toEqual([2, 10]);
  });

  it('never sells more than there is, however many ask at once', async () => {
    const mug = await product({ stock: 7 }, keeper);
    const answers = await Promise.all(Array.from({ length: 20 }, () => order(someone, mug.sku)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(7);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(13);
    expect(await stockOf(mug.sku)).toBe(0);
  });

  it.each([
    ['no items', { items: [], paymentToken: 'tok_visa' }],
    ['a quantity of zero', { items: [{ sku: 'mug', quantity: 0 }], paymentToken: 'tok_visa' }],
    ['a price of its own', { items: [{ sku: 'mug', quantity: 1, unitPrice: 1 }], paymentToken: 'tok_visa' }],
    ['no means of payment', { items: [{ sku: 'mug', quantity: 1 }] }],
    ['an unknown product', { items: [{ sku: randomUUID(), quantity: 1 }], paymentToken: 'tok_visa' }],
    ['broken JSON', '{"items": ['],
  ])('refuses an order with %s', async (_, body) => {
    const { status, headers } = await someone.post('/v1/orders', body);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch('application/problem+json');
  });
});

describe('an order', () => {
  it('that was paid is cancelled with money and stock back', async () => {
    const mug = await product({ stock: 4 }, keeper);
    const { body } = await order(someone, mug.sku, 4);
    expect((await someone.post(`/v1/orders/${body.id}/cancel`)).body.status).toBe('cancelled');
    expect((await someone.post(`/v1/orders/${body.id}/cancel`)).status, 'again changes nothing').toBe(200);
    expect(await stockOf(mug.sku)).toBe(4);
    await eventually(
      () => paymentsOf(body.id),
      ([payment]) => payment.refunded === 5000 && payment.refunds[0].status === 'succeeded',
    );
  });

  it('is listed for the customer it belongs to, newest first, and hidden from everybody else', async () => {
    const [owner, other] = await Promise.all([customer(), customer()]);
    const mug = await product({}, keeper);
    const first = (await order(owner, mug.sku)).body.id;
    const second = (await order(owner, mug.sku)).body.id;

    expect((await owner.get('/v1/orders')).body.data.map(({ id }: { id: string }) => id)).toEqual([second, first]);
    const page = (await owner.get('/v1/orders?limit=1')).body;
    expect(page.data).toHaveLength(1);
    expect((await owner.get(`/v1/orders?limit=1&cursor=${encodeURIComponent(page.nextCursor)}`)).body.data[0].id).toBe(
      first,
    );

    expect((await other.get('/v1/orders')).body.data).toEqual([]);
    expect((await other.get(`/v1/orders/${first}`)).status).toBe(404);
    expect((await other.post(`/v1/orders/${first}/cancel`)).status).toBe(404);
    expect((await new Visitor().get(`/v1/orders/${first}`)).status).toBe(401);
  });
});

describe('an idempotency key', () => {
  it('gives the same bytes for the same request and one effect', async () => {
    const mug = await product({ stock: 10 }, keeper);
    const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=10' };
    const first = await order(someone, mug.sku, 2, 'tok_visa', headers);
    const again = await order(someone, mug.sku, 2, 'tok_visa', headers);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(await stockOf(mug.sku)).toBe(8);
  });

  it('refuses another request', async () => {
    const mug = await product({}, keeper);
    const headers = { 'idempotency-key': randomUUID() };
    await order(someone, mug.sku, 1, 'tok_visa', headers);
    expect((await order(someone, mug.sku, 2, 'tok_visa', headers)).status).toBe(422);
  });

  it('places one order however often it is sent at the same time', async () => {
    const mug = await product({ stock: 10 }, keeper);
    const headers = { 'idempotency-key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 8 }, () => order(someone, mug.sku, 1, 'tok_visa', headers)));
    for (const { status } of answers) expect([201, 409]).toContain(status);
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1);
    expect(await stockOf(mug.sku)).toBe(9);
  });
});

describe('a refund', () => {
  it('gives back parts, and never more than was captured', async () => {
    const mug = await product({ price: { amount: 1000, currency: 'EUR' } }, keeper);
    const { body } = await order(someone, mug.sku, 3);
    const [payment] = await paymentsOf(body.id);
    const refund = (amount?: number) =>
      keeper.post(
        `/v1/payments/${payment.id}/refunds`,
        { ...(amount && { amount }), reason: 'chipped' },
        { prefer: 'wait=10' },
      );

    const part = await refund(1000);
    expect(part.status).toBe(201);
    expect(part.body).toMatchObject({
      amount: { amount: 1000, currency: 'EUR' },
      status: 'succeeded',
      reason: 'chipped',
    });
    expect((await refund(2001)).status).toBe(409);
    expect((await refund()).status).toBe(201);
    expect((await refund(1)).status).toBe(409);
    expect((await keeper.get(`/v1/payments/${payment.id}`)).body).toMatchObject({ captured: 3000, refunded: 3000 });
  });

  it('is given by administrators only, and payments are seen by their owner', async () => {
    const mug = await product({}, keeper);
    const { body } = await order(someone, mug.sku);
    const [payment] = (await someone.get(`/v1/payments?orderId=${body.id}`)).body.data;
    expect((await someone.post(`/v1/payments/${payment.id}/refunds`, {})).status).toBe(403);
    const other = await customer();
    expect((await other.get(`/v1/payments/${payment.id}`)).status).toBe(404);
    expect((await other.get(`/v1/payments?orderId=${body.id}`)).body.data).toEqual([]);
  });
});
