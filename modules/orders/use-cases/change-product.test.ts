import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import type { InputOf } from '#platform/contract.ts';
import type { OrdersApi } from '../contract.ts';
import { aProduct, eur, inMemoryShop } from '../testing/shop.ts';
import { changeProduct } from './change-product.ts';
import { getProduct } from './get-product.ts';

const context = backgroundContext('test', 1000);

function setUp() {
  const { transaction, catalogue, audit } = inMemoryShop(
    aProduct({ sku: 'mug', name: 'A mug', price: eur(1250), stock: 10 }),
  );
  return {
    audit,
    change: (changes: Omit<InputOf<typeof OrdersApi.changeProduct>, 'sku'>, sku = 'mug') =>
      changeProduct(transaction, catalogue, audit)({ sku, ...changes }, context),
    mug: () => getProduct(catalogue)({ sku: 'mug' }, context),
  };
}

describe('changing a product', () => {
  it('changes what is given and nothing else', async () => {
    const { change, mug } = setUp();
    await change({ price: eur(1500) });
    expect(await mug()).toEqual({ sku: 'mug', name: 'A mug', price: eur(1500), stock: 10, version: 2 });
  });

  it('is recorded with what was changed', async () => {
    const { change, audit } = setUp();
    await change({ price: eur(1500), stock: 4 });
    await change({ stock: 5, expectedVersion: 1 }).catch(() => {});
    expect(audit.entries).toMatchObject([
      {
        act: 'orders.change-product',
        target: 'mug',
        outcome: 'done',
        details: { changed: ['price', 'stock'], stock: 4 },
      },
      { act: 'orders.change-product', outcome: 'refused', details: { reason: 'orders.changed-meanwhile' } },
    ]);
  });

  it('is refused when somebody else was faster', async () => {
    const { change, mug } = setUp();
    await change({ stock: 4, expectedVersion: 1 });
    await expect(change({ stock: 5, expectedVersion: 1 })).rejects.toMatchObject({ code: 'orders.changed-meanwhile' });
    expect(await mug()).toMatchObject({ stock: 4, version: 2 });
  });

  it('finds nothing where there is no such product', async () => {
    await expect(setUp().change({ stock: 1 }, 'cup')).rejects.toMatchObject({ code: 'orders.product-not-found' });
  });
});
