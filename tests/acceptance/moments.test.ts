/** The same moment is the same in every answer, whatever wrote it and whatever reads it: lists, details, exports. */
import { describe, expect, it } from 'vitest';
import { admin, customer, product, type Visitor } from './client.ts';

/** Clocks of the program and of the tests may differ a little; time zones differ by a quarter of an hour at least. */
const tolerance = 60_000;

/** By the path to each. */
function momentsIn(value: unknown, path = ''): Record<string, string> {
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? { [path]: value } : {};
  if (typeof value !== 'object' || value === null) return {};
  return Object.assign({}, ...Object.entries(value).map(([key, each]) => momentsIn(each, `${path}/${key}`)));
}

describe('a moment', () => {
  it('is just now in everything that was just done, and the same wherever it is told', async () => {
    const begun = Date.now();
    const [someone, keeper] = await Promise.all([customer(), admin()]);
    const mug = await product({}, keeper);
    const address = {
      recipient: 'Ada',
      line1: '12 St James Square',
      city: 'London',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
    };
    const added = await someone.post('/v1/users/me/addresses', address);
    const order = await someone.post(
      '/v1/orders',
      { items: [{ sku: mug.sku, quantity: 1 }], paymentToken: 'tok_visa' },
      { prefer: 'wait=10' },
    );
    const [paid] = (await keeper.get(`/v1/payments?orderId=${order.body.id}`)).body.data;
    const refund = await keeper.post(
      `/v1/payments/${paid.id}/refunds`,
      { amount: 100, reason: 'chipped' },
      { prefer: 'wait=10' },
    );

    const get = async (path: string, as: Visitor = someone) => (await as.get(path)).body;
    const answers = {
      added: added.body,
      order: order.body,
      refund: refund.body,
      profile: await get('/v1/users/me'),
      addresses: await get('/v1/users/me/addresses'),
      orderLater: await get(`/v1/orders/${order.body.id}`),
      orders: await get('/v1/orders'),
      payment: await get(`/v1/payments/${paid.id}`, keeper),
      payments: await get(`/v1/payments?orderId=${order.body.id}`, keeper),
      exported: await get('/v1/users/me/export'),
    };
    const ended = Date.now();
    const moments = momentsIn(answers);
    const wrong = Object.entries(moments).filter(
      ([, at]) => Date.parse(at) < begun - tolerance || Date.parse(at) > ended + tolerance,
    );
    expect(wrong).toEqual([]);

    const { orderLater, orders, payment, payments, exported, addresses } = answers;
    expect(orders.data[0].placedAt).toBe(orderLater.placedAt);
    expect(exported.orders[0].placedAt).toBe(orderLater.placedAt);
    expect(order.body.placedAt).toBe(orderLater.placedAt);
    expect(momentsIn(payments.data[0])).toEqual(momentsIn(payment));
    expect(payment.refunds[0].createdAt).toBe(refund.body.createdAt);
    expect(addresses.addresses[0].createdAt).toBe(added.body.createdAt);
    expect(exported.addresses[0].createdAt).toBe(added.body.createdAt);
  });
});
