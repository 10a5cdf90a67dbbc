import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { admin, customer, product, Visitor } from './client.ts';

describe('the catalogue', () => {
  it('is open to everybody, page by page', async () => {
    const keeper = await admin();
    const added = new Set<string>();
    for (let n = 0; n < 3; n++) added.add((await product({}, keeper)).sku);

    const seen: string[] = [];
    let cursor: string | null = '';
    do {
      const { status, body } = await new Visitor().get(
        `/v1/products?limit=2${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      expect(status).toBe(200);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map(({ sku }: { sku: string }) => sku));
      cursor = body.nextCursor;
    } while (cursor);
    expect(new Set(seen).size, 'no product twice').toBe(seen.length);
    for (const sku of added) expect(seen).toContain(sku);
  });

  it('shows one product', async () => {
    const mug = await product({ name: 'A blue mug', stock: 3 });
    const { status, body } = await new Visitor().get(`/v1/products/${mug.sku}`);
    expect(status).toBe(200);
    expect(body).toMatchObject(mug);
    expect((await new Visitor().get(`/v1/products/${randomUUID()}`)).status).toBe(404);
  });

  it('is edited by administrators only', async () => {
    const fields = { sku: randomUUID(), name: 'A mug', price: { amount: 100, currency: 'EUR' }, stock: 1 };
    expect((await new Visitor().post('/v1/products', fields)).status).toBe(401);
    expect((await (await customer()).post('/v1/products', fields)).status).toBe(403);
    const mug = await product();
    expect((await (await customer()).patch(`/v1/products/${mug.sku}`, { stock: 5 })).status).toBe(403);
  });

  it('changes by the version one has seen', async () => {
    const keeper = await admin();
    const mug = await product({}, keeper);
    const etag = (await keeper.get(`/v1/products/${mug.sku}`)).headers.get('etag')!;
    const dearer = await keeper.patch(
      `/v1/products/${mug.sku}`,
      { price: { amount: 1500, currency: 'EUR' } },
      { 'if-match': etag },
    );
    expect(dearer.status).toBe(200);
    expect(dearer.body.price.amount).toBe(1500);
    expect((await keeper.patch(`/v1/products/${mug.sku}`, { stock: 1 }, { 'if-match': etag })).status).toBe(412);
  });

  it('has each SKU once and no price below zero', async () => {
    const keeper = await admin();
    const mug = await product({}, keeper);
    expect((await keeper.post('/v1/products', mug)).status).toBe(409);
    const negative = await keeper.post('/v1/products', {
      ...mug,
      sku: randomUUID(),
      price: { amount: -1, currency: 'EUR' },
    });
    expect(negative.status).toBe(400);
  });
});
