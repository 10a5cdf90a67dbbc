import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { InMemorySagas } from '#platform/in-memory-sagas.ts';
import { confirmed } from '../domain/order.ts';
import { aProduct, aRequest, inMemoryShop, later } from '../testing/shop.ts';
import { awaitCheckout } from './await-checkout.ts';

const context = backgroundContext('test', 1000);

it('shows the order as the end of its checkout leaves it', async () => {
  const mug = aProduct();
  const { orders } = inMemoryShop(mug);
  const { id: orderId } = await orders.place(aRequest([{ sku: mug.sku, quantity: 1 }]));
  class PayingSagas extends InMemorySagas {
    override async whenEnded() {
      await orders.update(orderId, confirmed(later));
    }
  }
  expect(await awaitCheckout(orders, new PayingSagas())({ orderId, timeout: 1000 }, context)).toMatchObject({
    status: 'paid',
  });
});

it('says so when there is no such order', async () => {
  const { orders, sagas } = inMemoryShop();
  await expect(awaitCheckout(orders, sagas)({ orderId: uuid(), timeout: 0 }, context)).rejects.toMatchObject({
    code: 'orders.order-not-found',
  });
});
