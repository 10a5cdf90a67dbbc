import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, aRequest, inMemoryShop } from '../testing/shop.ts';
import { getOrder } from './get-order.ts';

it('shows an order to its customer and to those who may see any, and to nobody else', async () => {
  const mug = aProduct();
  const { orders } = inMemoryShop(mug);
  const order = await orders.place(aRequest([{ sku: mug.sku, quantity: 1 }]));
  const getAs = (customerId?: string) =>
    getOrder(orders)({ orderId: order.id, customerId }, backgroundContext('test', 1000));

  expect(await getAs(order.customerId!)).toEqual(order);
  expect(await getAs()).toEqual(order);
  await expect(getAs(uuid())).rejects.toMatchObject({ code: 'orders.order-not-found' });
});
