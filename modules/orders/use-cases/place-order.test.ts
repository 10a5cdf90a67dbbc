import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, atNoon, eur, generous, inMemoryShop, noon } from '../testing/shop.ts';
import { placeOrder } from './place-order.ts';

function setUp(limits = generous) {
  const mug = aProduct({ price: eur(1250), stock: 3 });
  const shop = inMemoryShop(mug);
  const place = placeOrder(shop.transaction, shop.orders, shop.outbox, shop.sagas, atNoon, limits);
  const customerId = uuid();
  const order = (...quantities: number[]) =>
    place(
      { customerId, items: quantities.map((quantity) => ({ sku: mug.sku, quantity })), paymentToken: 'tok_visa' },
      backgroundContext('test', 1000),
    );
  return { ...shop, mug, customerId, order };
}

describe('placing an order', () => {
  it('reserves the stock, announces the order and starts its checkout', async () => {
    const { mug, customerId, order, orders, outbox, sagas, stockOf } = setUp();
    const { id, total } = await order(2);

    expect(await orders.find(id)).toMatchObject({ status: 'pending', customerId, total: eur(2500) });
    expect(await stockOf(mug.sku)).toBe(1);
    expect(outbox.events).toEqual([
      { name: 'orders.order-placed', payload: { orderId: id, customerId, total, placedAt: noon.toISOString() } },
    ]);
    expect(sagas.started).toEqual([
      { name: 'orders.checkout', id, data: { orderId: id, customerId, total, paymentToken: 'tok_visa' } },
    ]);
  });

  it('takes a product that is named twice as one item', async () => {
    const { mug, order } = setUp();
    expect(await order(1, 2)).toMatchObject({ items: [{ sku: mug.sku, quantity: 3 }], total: eur(3750) });
  });

  it('is refused to one who has too many orders that are not paid yet', async () => {
    const { order, outbox, sagas } = setUp({ pending: 1, declines: 1 });
    await order(1);
    await expect(order(1)).rejects.toMatchObject({ code: 'orders.too-many-pending' });
    expect([outbox.events.length, sagas.started.length]).toEqual([1, 1]);
  });

  it('leaves everything as it was when there is not enough', async () => {
    const { mug, order, outbox, sagas, stockOf } = setUp();
    await expect(order(2, 2)).rejects.toMatchObject({ code: 'orders.out-of-stock' });
    expect(await stockOf(mug.sku)).toBe(3);
    expect([outbox.events, sagas.started]).toEqual([[], []]);
  });
});
