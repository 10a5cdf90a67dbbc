import { describe, expect, it } from 'vitest';
import { OrdersApi } from '../contract.ts';
import { InMemoryCatalogue } from '../testing/in-memory-catalogue.ts';
import { addProduct } from '../use-cases/add-product.ts';
import { demoProducts } from './demo-products.ts';
import { loadCatalogue } from './load-catalogue.ts';

function setUp() {
  const catalogue = new InMemoryCatalogue();
  const announced: string[] = [];
  const start = (seed: string | undefined, firstStart = true) =>
    loadCatalogue(addProduct(catalogue))({ seed, firstStart, announce: (line) => announced.push(line) });
  return { catalogue, announced, start, skus: async () => (await catalogue.list({ limit: 100 })).map(({ sku }) => sku) };
}

describe('the demo catalogue', () => {
  it('is a dozen products that the shop would take from anybody', () => {
    expect(demoProducts).toHaveLength(12);
    for (const product of demoProducts) expect(OrdersApi.addProduct.input.parse(product)).toEqual(product);
  });

  it('is loaded on a first start', async () => {
    const { start, skus, announced } = setUp();
    await start('demo');
    expect(await skus()).toEqual(demoProducts.map(({ sku }) => sku).sort());
    expect(announced).toEqual(['The demo catalogue is loaded: 12 products.']);
  });

  it('is completed when a first start was cut short', async () => {
    const { catalogue, start, skus } = setUp();
    await catalogue.add({ ...demoProducts[0]!, name: 'Was there first' });
    await start('demo');
    expect(await skus()).toHaveLength(12);
    expect(await catalogue.find(demoProducts[0]!.sku)).toMatchObject({ name: 'Was there first' });
  });

  it.each([
    ['on a later start', 'demo', false],
    ['when nobody asks for it', undefined, true],
  ])('is not loaded %s', async (_, seed, firstStart) => {
    const { start, skus, announced } = setUp();
    await start(seed, firstStart);
    expect([await skus(), announced]).toEqual([[], []]);
  });

  it('stops the program when SEED names another one', async () => {
    await expect(setUp().start('dmeo', false)).rejects.toThrow(/SEED names the catalogue "dmeo"/);
  });
});
