import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { alone, aProduct, aRequest, inMemoryShop } from '../testing/shop.ts';
import { exportPersonalData } from './export-personal-data.ts';

it("exports all of a person's orders and nobody else's", async () => {
  const mug = aProduct({ stock: 50 });
  const { orders } = inMemoryShop(mug);
  const userId = uuid();
  const place = (customerId: string) => orders.place(aRequest([{ sku: mug.sku, quantity: 1 }], { customerId }), alone);
  const own: string[] = [];
  for (let n = 0; n < 25; n++) own.push((await place(userId)).id);
  await place(uuid());

  const exported = await exportPersonalData(orders)({ userId }, backgroundContext('test', 1000));
  expect(exported.orders.map(({ id }) => id).sort()).toEqual(own.sort());
});
