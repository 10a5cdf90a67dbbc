import { v7 as uuid } from 'uuid';
import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, aRequest, inMemoryShop } from '../testing/shop.ts';
import { listOrders } from './list-orders.ts';

it('shows the orders of a customer page by page, the newest first, none twice and none of others', async () => {
  const mug = aProduct();
  const { orders } = inMemoryShop(mug);
  const customerId = uuid();
  const place = (of: string) => orders.place(aRequest([{ sku: mug.sku, quantity: 1 }], { customerId: of }));
  const placed: string[] = [];
  for (let n = 0; n < 5; n++) {
    placed.push((await place(customerId)).id);
    await place(uuid());
  }

  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listOrders(orders)({ customerId, cursor, limit: 2 }, backgroundContext('test', 1000));
    seen.push(...page.data.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen).toEqual(placed.reverse());
});
