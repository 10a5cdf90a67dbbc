import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import type { Catalogue } from '../domain/catalogue.ts';
import type { CheckoutLimits } from '../domain/checkout-limits.ts';
import { cancelled, confirmed, place } from '../domain/order.ts';
import type { Orders } from '../domain/orders.ts';
import type { NewProduct } from '../domain/product.ts';
import { aProduct, aRequest, eur, later, newCustomer, noon } from './shop.ts';

const reason = { code: 'orders.cancelled-by-customer', message: 'The customer cancelled the “order”.' };

/** The suite that every repository of orders must pass, over a catalogue that shares its storage. */
export function ordersSuite(shop: () => { transaction: Transaction; orders: Orders; catalogue: Catalogue }): void {
  const stockOf = async (sku: string) => (await shop().catalogue.find(sku))?.stock;

  async function sell(...fields: Partial<NewProduct>[]) {
    const products = fields.map(aProduct);
    for (const product of products) await shop().catalogue.add(product);
    return products;
  }

  async function placed(quantity = 2, customerId = uuid()) {
    const [mug] = await sell({ stock: 10 });
    const order = await shop().orders.place(aRequest([{ sku: mug!.sku, quantity }], { customerId }));
    return { order, sku: mug!.sku };
  }

  describe('placing', () => {
    it('stores what the domain makes of the request', async () => {
      const [mug, tea] = await sell({ price: eur(1250), stock: 3 }, { name: 'Tea “Assam”', price: eur(399), stock: 8 });
      const request = aRequest([
        { sku: tea!.sku, quantity: 8 },
        { sku: mug!.sku, quantity: 1 },
      ]);
      const order = await shop().orders.place(request);
      expect(order).toEqual(
        place(
          request,
          newCustomer,
          [mug!, tea!].map((product) => ({ ...product, version: 1 })),
        ),
      );
      expect(await shop().orders.find(order.id)).toEqual(order);
      expect([await stockOf(mug!.sku), await stockOf(tea!.sku)]).toEqual([2, 0]);
      expect(await shop().catalogue.find(mug!.sku)).toMatchObject({ version: 2 });
    });

    it.each([
      ['a product nobody knows', [1, 1], [{}], 'orders.unknown-product'],
      ['more than there is', [1, 6], [{}, { stock: 5 }], 'orders.out-of-stock'],
      ['two currencies', [1, 1], [{}, { price: { amount: 1, currency: 'USD' } }], 'orders.mixed-currencies'],
      ['too much money', [1, 2], [{}, { price: eur(900_000_000_000) }], 'orders.total-too-large'],
    ] as const)('refuses %s and changes nothing', async (_, quantities, fields, code) => {
      const products = await sell(...fields);
      const request = aRequest(
        quantities.map((quantity, index) => ({ sku: products[index]?.sku ?? 'unknown', quantity })),
      );
      await expect(shop().orders.place(request)).rejects.toMatchObject({ code });
      expect(await shop().orders.find(request.id)).toBeUndefined();
      for (const { sku, stock } of products) expect(await stockOf(sku)).toBe(stock);
    });

    it('takes nothing when what goes with it fails', async () => {
      const [mug] = await sell({ stock: 5 });
      const request = aRequest([{ sku: mug!.sku, quantity: 1 }]);
      const failing = shop().transaction(async () => {
        await shop().orders.place(request);
        throw new Error('The outbox is full.');
      });
      await expect(failing).rejects.toThrow('The outbox is full.');
      expect(await shop().orders.find(request.id)).toBeUndefined();
      expect(await stockOf(mug!.sku)).toBe(5);
    });
  });

  describe('for one who has too much under way', () => {
    async function customerWith(limits: CheckoutLimits) {
      const [mug] = await sell({ stock: 100 });
      const customerId = uuid();
      const place = (of = customerId, placedAt = noon) =>
        shop().orders.place(aRequest([{ sku: mug!.sku, quantity: 1 }], { customerId: of, limits, placedAt }));
      return { customerId, place, stock: () => stockOf(mug!.sku) };
    }

    it('refuses orders beyond the pending ones that are allowed, and reserves nothing, until one of them ended', async () => {
      const { place, stock } = await customerWith({ pending: 2, declines: 1 });
      const [first, second] = [await place(), await place()];
      await expect(place()).rejects.toMatchObject({
        code: 'orders.too-many-pending',
        kind: 'too-many',
        retryAfter: 10,
      });
      expect(await stock()).toBe(98);
      await expect(place(uuid()), 'somebody else').resolves.toMatchObject({ status: 'pending' });
      await shop().orders.update(first.id, confirmed(later));
      await place();
      await shop().orders.update(second.id, cancelled(reason, later));
      await place();
      await expect(place()).rejects.toMatchObject({ code: 'orders.too-many-pending' });
    });

    it('refuses orders after too many declines, for an hour from the first', async () => {
      const { customerId, place, stock } = await customerWith({ pending: 10, declines: 2 });
      await shop().orders.countDecline(customerId, noon);
      await place();
      await shop().orders.countDecline(customerId, new Date(noon.getTime() + 10 * 60_000));
      const refused = place(customerId, new Date(noon.getTime() + 15 * 60_000));
      await expect(refused).rejects.toMatchObject({
        code: 'orders.too-many-declines',
        kind: 'too-many',
        retryAfter: 45 * 60,
      });
      expect(await stock()).toBe(99);
      await expect(place(uuid()), 'somebody else').resolves.toMatchObject({ status: 'pending' });

      const afterwards = new Date(noon.getTime() + 60 * 60_000);
      await place(customerId, afterwards);
      await shop().orders.countDecline(customerId, afterwards);
      await place(customerId, afterwards);
    });

    it('counts declines that come at once', async () => {
      const { customerId, place } = await customerWith({ pending: 10, declines: 10 });
      await Promise.all(Array.from({ length: 10 }, () => shop().orders.countDecline(customerId, noon)));
      await expect(place()).rejects.toMatchObject({ code: 'orders.too-many-declines' });
    });
  });

  describe('a change', () => {
    it('stores a payment', async () => {
      const { order, sku } = await placed();
      const change = await shop().orders.update(order.id, confirmed(later));
      const paid = confirmed(later)(order);
      expect(change).toEqual({ before: order, after: paid, happened: true });
      expect(await shop().orders.find(order.id)).toEqual(paid);
      expect(await stockOf(sku)).toBe(8);
    });

    it.each([
      ['pending', false],
      ['paid', true],
    ])('stores the cancellation of a %s order and gives its stock back', async (_, isPaid) => {
      const { order, sku } = await placed();
      if (isPaid) await shop().orders.update(order.id, confirmed(noon));
      const { before, after } = (await shop().orders.update(order.id, cancelled(reason, later)))!;
      expect(before.status).toBe(isPaid ? 'paid' : 'pending');
      expect(after).toEqual(cancelled(reason, later)(before));
      expect(await shop().orders.find(order.id)).toEqual(after);
      expect(await stockOf(sku)).toBe(10);
    });

    it('does not happen when it is repeated', async () => {
      const { order, sku } = await placed();
      const { after } = (await shop().orders.update(order.id, cancelled(reason, later)))!;
      const other = { code: 'other', message: 'Another reason.' };
      const again = await shop().orders.update(order.id, cancelled(other, later));
      expect(again).toEqual({ before: after, after, happened: false });
      expect(await shop().orders.find(order.id)).toEqual(after);
      expect(await stockOf(sku)).toBe(10);
    });

    it('refuses to pay what is cancelled', async () => {
      const { order } = await placed();
      const { after } = (await shop().orders.update(order.id, cancelled(reason, later)))!;
      await expect(shop().orders.update(order.id, confirmed(later))).rejects.toMatchObject({ kind: 'conflict' });
      expect(await shop().orders.find(order.id)).toEqual(after);
    });

    it('leaves everything as it was when what goes with it fails', async () => {
      const { order, sku } = await placed();
      const failing = shop().transaction(async () => {
        await shop().orders.update(order.id, cancelled(reason, later));
        throw new Error('No.');
      });
      await expect(failing).rejects.toThrow('No.');
      expect(await shop().orders.find(order.id)).toEqual(order);
      expect(await stockOf(sku)).toBe(8);
    });

    it('finds nothing where there is no such order, or not of this customer', async () => {
      const { order } = await placed();
      expect(await shop().orders.update(uuid(), confirmed(later))).toBeUndefined();
      expect(await shop().orders.update(order.id, cancelled(reason, later), uuid())).toBeUndefined();
      expect(await shop().orders.find(order.id)).toEqual(order);
    });

    it('happens once, however many come at the same time', async () => {
      const { order, sku } = await placed();
      const changes = await Promise.all(
        Array.from({ length: 4 }, () => shop().orders.update(order.id, cancelled(reason, later))),
      );
      expect(changes.filter((change) => change!.happened)).toHaveLength(1);
      expect(await stockOf(sku)).toBe(10);
      expect(await shop().orders.find(order.id)).toMatchObject({ version: 2 });
    });
  });

  describe('reading', () => {
    it('shows an order to the customer it belongs to', async () => {
      const { order } = await placed();
      expect(await shop().orders.find(order.id, order.customerId!)).toEqual(order);
      expect(await shop().orders.find(order.id, uuid())).toBeUndefined();
      expect(await shop().orders.find(uuid())).toBeUndefined();
    });

    it('lists the newest first, from where it is asked to', async () => {
      const customerId = uuid();
      const placedInOrder = [];
      for (let n = 0; n < 3; n++) placedInOrder.unshift((await placed(1, customerId)).order);
      await placed();
      const [newest, middle, oldest] = placedInOrder;
      const { orders } = shop();
      expect(await orders.list({ customerId, limit: 2 })).toEqual([newest, middle]);
      expect(await orders.list({ customerId, limit: 2, before: middle!.id })).toEqual([oldest]);
      expect(await orders.list({ limit: 3, before: newest!.id })).toHaveLength(3);
      expect(await orders.list({ customerId, limit: 100 })).toEqual(placedInOrder);
    });
  });

  it("keeps a forgotten customer's orders without the customer, and leaves other orders alone", async () => {
    const customerId = uuid();
    const [{ order }, other] = [await placed(1, customerId), await placed()];
    const paid = await placed(1, customerId);
    await shop().orders.update(paid.order.id, confirmed(noon));
    expect(await shop().orders.forgetCustomer(customerId, noon)).toEqual([order.id]);
    expect(await shop().orders.find(order.id)).toEqual({ ...order, customerId: null });
    expect(await shop().orders.find(other.order.id)).toEqual(other.order);
    expect(await shop().orders.list({ customerId, limit: 100 })).toEqual([]);
    expect(await shop().orders.forgetCustomer(customerId, later), 'again changes nothing').toEqual([]);
  });

  it('places nothing for a customer who was forgotten, not even at the same time', async () => {
    const [mug] = await sell({ stock: 100 });
    const { orders } = shop();
    for (let round = 0; round < 5; round++) {
      const customerId = uuid();
      const place = () => orders.place(aRequest([{ sku: mug!.sku, quantity: 1 }], { customerId }));
      const placing = Promise.allSettled([
        place(),
        place(),
        place(),
        orders.forgetCustomer(customerId, noon),
        place(),
        place(),
      ]);
      for (const outcome of await placing) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'platform.unauthenticated' });
      }
      await expect(place()).rejects.toMatchObject({ code: 'platform.unauthenticated' });
      expect(await orders.list({ customerId, limit: 100 })).toEqual([]);
    }
  });
}
