import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { confirmed } from '../domain/order.ts';
import { aProduct, aRequest, atNoon, inMemoryShop, noon } from '../testing/shop.ts';
import { cancelOrder } from './cancel-order.ts';

async function setUp() {
  const mug = aProduct({ stock: 5 });
  const shop = inMemoryShop(mug);
  const order = await shop.orders.place(aRequest([{ sku: mug.sku, quantity: 2 }]));
  const cancel = cancelOrder(shop.transaction, shop.orders, shop.outbox, shop.sagas, shop.audit, atNoon);
  return {
    ...shop,
    order,
    stock: () => shop.stockOf(mug.sku),
    pay: () => shop.orders.update(order.id, confirmed(noon)),
    cancelAs: (customerId: string | undefined) =>
      cancel({ orderId: order.id, customerId }, backgroundContext('test', 1000)),
  };
}

describe('cancelling an order', () => {
  it('that is not paid gives the stock back and stops its checkout', async () => {
    const { order, outbox, sagas, stock, cancelAs } = await setUp();
    const { status, cancellation } = await cancelAs(order.customerId!);
    expect([status, await stock()]).toEqual(['cancelled', 5]);
    expect(sagas.cancelled).toEqual([{ name: 'orders.checkout', id: order.id, reason: cancellation }]);
    expect(outbox.events).toMatchObject([
      { name: 'orders.order-cancelled', payload: { reason: { code: 'orders.cancelled-by-customer' }, wasPaid: false } },
    ]);
  });

  it('is recorded where staff does it, and not where its customer does', async () => {
    const [theirs, ours] = [await setUp(), await setUp()];
    await theirs.cancelAs(theirs.order.customerId!);
    expect(theirs.audit.entries).toEqual([]);
    await ours.cancelAs(undefined);
    expect(ours.audit.entries).toMatchObject([{ act: 'orders.cancel-order', target: ours.order.id, outcome: 'done' }]);
  });

  it('that is paid gives the stock back and says that there is money to give back', async () => {
    const { order, outbox, sagas, stock, pay, cancelAs } = await setUp();
    await pay();
    await cancelAs(order.customerId!);
    expect(await stock()).toBe(5);
    expect(sagas.cancelled).toEqual([]);
    expect(outbox.events).toMatchObject([{ name: 'orders.order-cancelled', payload: { wasPaid: true } }]);
  });

  it('is harmless when repeated', async () => {
    const { order, outbox, stock, cancelAs } = await setUp();
    const once = await cancelAs(order.customerId!);
    expect(await cancelAs(order.customerId!)).toEqual(once);
    expect(await stock()).toBe(5);
    expect(outbox.events).toHaveLength(1);
  });

  it('of somebody else finds no order', async () => {
    const { stock, cancelAs } = await setUp();
    await expect(cancelAs(uuid())).rejects.toMatchObject({ code: 'orders.order-not-found' });
    expect(await stock()).toBe(3);
  });

  it('says so when it was the shop', async () => {
    const { cancelAs } = await setUp();
    expect(await cancelAs(undefined)).toMatchObject({ cancellation: { code: 'orders.cancelled-by-shop' } });
  });
});
