import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import { aProduct, inMemoryShop } from '../testing/shop.ts';
import { listProducts } from './list-products.ts';

const { catalogue } = inMemoryShop(...['tea', 'cup', 'mug', 'pot'].map((sku) => aProduct({ sku })));
const list = (limit: number, cursor?: string) =>
  listProducts(catalogue)({ limit, cursor }, backgroundContext('test', 1000));
const skusOf = ({ data }: Awaited<ReturnType<typeof list>>) => data.map(({ sku }) => sku);

describe('listing products', () => {
  it('goes through the catalogue by SKU', async () => {
    const first = await list(3);
    expect([skusOf(first), first.nextCursor]).toEqual([['cup', 'mug', 'pot'], 'pot']);
    const last = await list(3, first.nextCursor!);
    expect([skusOf(last), last.nextCursor]).toEqual([['tea'], null]);
  });

  it('promises no page behind a full last one', async () => {
    expect(await list(4)).toMatchObject({ nextCursor: null });
  });
});
