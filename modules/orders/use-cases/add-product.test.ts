import { expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, inMemoryShop } from '../testing/shop.ts';
import { addProduct } from './add-product.ts';

it('puts a product on sale under a SKU that nothing else has', async () => {
  const { transaction, catalogue, audit } = inMemoryShop();
  const add = addProduct(transaction, catalogue, audit);
  const mug = aProduct({ name: 'A mug' });
  const context = backgroundContext('test', 1000);

  expect(await add(mug, context)).toEqual({ ...mug, version: 1 });
  await expect(add({ ...mug, name: 'Another mug' }, context)).rejects.toMatchObject({ code: 'orders.sku-taken' });
  expect(await catalogue.find(mug.sku)).toMatchObject({ name: 'A mug' });
  expect(audit.entries).toMatchObject([
    { act: 'orders.add-product', target: mug.sku, outcome: 'done' },
    { act: 'orders.add-product', target: mug.sku, outcome: 'refused', details: { reason: 'orders.sku-taken' } },
  ]);
});
