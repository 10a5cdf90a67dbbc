import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, aRequest, inMemoryShop } from '../testing/shop.ts';
import { exportPersonalData } from './export-personal-data.ts';

it("exports all of a person's orders and nobody else's", async () => {
  const mug = aProduct({ stock: 50 });
  const { orders } = inMemoryShop(mug);
  const userId = uuid();
  const place = (customerId: string) => orders.place(aRequest([{ sku: mug.sku, quantity: 1 }], { customerId }));
  const own: string[] = [];
  for (let n = 0; n < 25; n++) own.push((await place(userId)).id);
  await place(uuid());

  const page = (fields: object) => exportPersonalData(orders)({ userId, ...fields }, backgroundContext('test', 1000));
  expect((await page({})).orders.map(({ id }) => id).sort()).toEqual(own.sort());

  const byPages: string[] = [];
  let cursor: string | null | undefined;
  do {
    const { orders: found, nextCursor } = await page({ limit: 10, ...(cursor && { cursor }) });
    expect(found.length).toBeLessThanOrEqual(10);
    byPages.push(...found.map(({ id }) => id));
    cursor = nextCursor;
  } while (cursor);
  expect(byPages.sort()).toEqual(own.sort());
});
