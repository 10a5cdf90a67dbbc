import { describe, expect, it } from 'vitest';
import { OrdersApi } from '../contract.ts';
import { InMemoryCatalogue } from '../testing/in-memory-catalogue.ts';
import { demoProducts } from './demo-products.ts';
import { loadCatalogue } from './load-catalogue.ts';

function setUp() {
  const catalogue = new InMemoryCatalogue();
  const announced: string[] = [];
  const start = (seed: string | undefined) =>
    loadCatalogue(catalogue)({ seed, announce: (line) => announced.push(line) });
  return {
    catalogue,
    announced,
    start,
    skus: async () => (await catalogue.list({ limit: 100 })).map(({ sku }) => sku),
  };
}

describe('the demo catalogue', () => {
  it('is a dozen products that the shop would take from anybody', () => {
    expect(demoProducts).toHaveLength(12);
    for (const product of demoProducts) expect(OrdersApi.addProduct.input.parse(product)).toEqual(product);
  });

  it('is loaded into an empty shop, and only once', async () => {
    const { start, skus, announced } = setUp();
    await start('demo');
    await start('demo');
    expect(await skus()).toEqual(demoProducts.map(({ sku }) => sku).sort());
    expect(announced).toEqual(['The demo catalogue is loaded: 12 products.']);
  });

  it('is not loaded into a shop that has products of its own', async () => {
    const { catalogue, start, skus, announced } = setUp();
    await start(undefined);
    expect(await skus(), 'nobody asked for it').toEqual([]);
    await catalogue.add({ ...demoProducts[0]!, sku: 'our-own' });
    await start('demo');
    expect([await skus(), announced]).toEqual([['our-own'], []]);
  });

  it('stops the program when SEED names another one', async () => {
    await expect(setUp().start('dmeo')).rejects.toThrow(/SEED names the catalogue "dmeo"/);
  });
});
