import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, inMemoryShop } from '../testing/shop.ts';
import { getProduct } from './get-product.ts';

it('shows a product, and says so when there is none', async () => {
  const mug = aProduct();
  const get = getProduct(inMemoryShop(mug).catalogue);
  const context = backgroundContext('test', 1000);

  expect(await get({ sku: mug.sku }, context)).toEqual({ ...mug, version: 1 });
  await expect(get({ sku: 'no-such-mug' }, context)).rejects.toMatchObject({ code: 'orders.product-not-found' });
});
