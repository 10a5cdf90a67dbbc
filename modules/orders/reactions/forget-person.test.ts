import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { confirmed } from '../domain/order.ts';
import { aProduct, aRequest, atNoon, inMemoryShop, noon } from '../testing/shop.ts';
import { forgetPerson } from './forget-person.ts';

async function setUp() {
  const mug = aProduct({ stock: 10 });
  const shop = inMemoryShop(mug);
  const customerId = uuid();
  const place = (of = customerId) => shop.orders.place(aRequest([{ sku: mug.sku, quantity: 2 }], { customerId: of }));
  const forget = forgetPerson(shop.transaction, shop.orders, shop.outbox, shop.sagas, atNoon);
  const delivery = { eventId: uuid(), key: customerId, occurredAt: noon, attempt: 1 };
  return {
    ...shop,
    place,
    stock: () => shop.stockOf(mug.sku),
    forget: () => shop.transaction(() => forget({ userId: customerId, erasedAt: noon.toISOString() }, delivery)),
    customerId,
  };
}

describe('when a person was erased', () => {
  it('keeps what was sold, without the person', async () => {
    const { orders, place, forget, customerId } = await setUp();
    const { id } = await place();
    await orders.update(id, confirmed(noon));
    await forget();
    expect(await orders.find(id)).toMatchObject({ status: 'paid', customerId: null });
    expect(await orders.list({ customerId, limit: 10 })).toEqual([]);
  });

  it('cancels what is not paid yet, and gives its stock and money back', async () => {
    const { orders, outbox, sagas, place, stock, forget } = await setUp();
    const { id } = await place();
    await forget();
    expect(await orders.find(id)).toMatchObject({
      status: 'cancelled',
      cancellation: { code: 'orders.customer-erased' },
      customerId: null,
    });
    expect(await stock()).toBe(10);
    expect(sagas.cancelled).toMatchObject([{ name: 'orders.checkout', id }]);
    expect(outbox.events).toMatchObject([{ name: 'orders.order-cancelled', payload: { orderId: id, wasPaid: false } }]);
  });

  it("leaves everybody else's orders alone", async () => {
    const { orders, place, forget } = await setUp();
    const other = await place(uuid());
    await forget();
    expect(await orders.find(other.id)).toEqual(other);
  });
});
