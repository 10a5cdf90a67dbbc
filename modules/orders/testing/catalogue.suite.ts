import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../domain/catalogue.ts';
import { aProduct, eur } from './shop.ts';

/** The suite that every catalogue must pass. */
export function catalogueSuite(catalogue: () => Catalogue): void {
  describe('a catalogue', () => {
    // The first of all: the others leave it with products.
    it('takes its first products while it is empty, and once, however many try at the same time', async () => {
      const products = [aProduct(), aProduct(), aProduct()];
      const filled = await Promise.all([1, 2, 3, 4].map(() => catalogue().addFirst(products)));
      expect(filled.filter(Boolean)).toHaveLength(1);
      const other = aProduct();
      expect(await catalogue().addFirst([other])).toBe(false);
      expect(await catalogue().find(other.sku)).toBeUndefined();
      for (const product of products) expect(await catalogue().find(product.sku)).toEqual({ ...product, version: 1 });
    });

    it('finds what was added to it', async () => {
      const mug = aProduct({ name: 'A mug, mended with “gold”', price: eur(1_000_000_000_000), stock: 1_000_000_000 });
      expect(await catalogue().add(mug)).toEqual({ ...mug, version: 1 });
      expect(await catalogue().find(mug.sku)).toEqual({ ...mug, version: 1 });
      expect(await catalogue().find('no-such-product')).toBeUndefined();
    });

    it('has each SKU once', async () => {
      const mug = aProduct();
      await catalogue().add(mug);
      expect(await catalogue().add({ ...mug, name: 'Another mug' })).toBeUndefined();
      expect(await catalogue().find(mug.sku)).toMatchObject({ name: mug.name });
    });

    it('takes one of several products with the same SKU that are added at once', async () => {
      const mug = aProduct();
      const added = await Promise.all(Array.from({ length: 4 }, () => catalogue().add(mug)));
      expect(added.filter(Boolean)).toHaveLength(1);
    });

    it('changes what is given', async () => {
      const mug = aProduct({ stock: 5 });
      await catalogue().add(mug);
      const dollars = { amount: 990, currency: 'USD' as const };
      expect(await catalogue().change(mug.sku, { price: dollars })).toEqual({ ...mug, price: dollars, version: 2 });
      expect(await catalogue().change(mug.sku, { name: 'A cup', stock: 0 }, 2)).toEqual({
        sku: mug.sku,
        name: 'A cup',
        price: dollars,
        stock: 0,
        version: 3,
      });
    });

    it('changes only the version that is expected', async () => {
      const mug = aProduct();
      await catalogue().add(mug);
      expect(await catalogue().change(mug.sku, { stock: 1 }, 2)).toBeUndefined();
      expect(await catalogue().find(mug.sku)).toEqual({ ...mug, version: 1 });
      expect(await catalogue().change('no-such-product', { stock: 1 })).toBeUndefined();
    });

    it('lets one of several win that expect the same version', async () => {
      const mug = aProduct();
      await catalogue().add(mug);
      const changed = await Promise.all([1, 2, 3, 4].map((stock) => catalogue().change(mug.sku, { stock }, 1)));
      expect(changed.filter(Boolean)).toHaveLength(1);
      expect(await catalogue().find(mug.sku)).toEqual(changed.find(Boolean));
    });

    it('lists by SKU, byte by byte', async () => {
      for (const sku of ['list-b', 'list-A', 'list-a', 'list-_', 'list-2']) await catalogue().add(aProduct({ sku }));
      const skus = async (after: string, limit: number) =>
        (await catalogue().list({ after, limit })).map(({ sku }) => sku);
      expect(await skus('list-', 5)).toEqual(['list-2', 'list-A', 'list-_', 'list-a', 'list-b']);
      expect(await skus('list-A', 2)).toEqual(['list-_', 'list-a']);
      expect((await catalogue().list({ limit: 3 })).length).toBe(3);
    });
  });
}
