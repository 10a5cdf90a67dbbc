import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roundTripsOf, statementsOf } from '../../../tests/support/statements.ts';
import { cancelled, confirmed } from '../domain/order.ts';
import { catalogueSuite } from '../testing/catalogue.suite.ts';
import { ordersSuite } from '../testing/orders.suite.ts';
import { postgresShop } from '../testing/postgres-shop.ts';
import { aProduct, aRequest, later } from '../testing/shop.ts';

let shop: Awaited<ReturnType<typeof postgresShop>>;
beforeAll(async () => {
  shop = await postgresShop();
});
afterAll(() => shop.drop());

describe('on PostgreSQL', () => {
  catalogueSuite(() => shop.catalogue);
  ordersSuite(() => shop);

  it('locks in one round trip and stores in another, however many products there are', async () => {
    const products = Array.from({ length: 5 }, () => aProduct());
    for (const product of products) await shop.catalogue.add(product);
    const request = aRequest(products.map(({ sku }) => ({ sku, quantity: 1 })));
    const reason = { code: 'orders.changed-mind', message: 'No.' };
    const cost = async (work: () => Promise<unknown>, repeat = work) => ({
      roundTrips: await roundTripsOf(shop.database, work),
      statements: (await statementsOf(shop.database, repeat)).length,
    });
    const [begin, commit] = [1, 1];
    const [first, second] = [request, { ...request, id: uuid() }];

    const placing = await cost(
      () => shop.orders.place(first),
      () => shop.orders.place(second),
    );
    expect(placing).toEqual({
      roundTrips: 2,
      statements: begin + ['customers', 'customer', 'products', 'stock', 'order'].length + commit,
    });
    const paying = await cost(
      () => shop.orders.update(first.id, confirmed(later)),
      () => shop.orders.update(second.id, confirmed(later)),
    );
    expect(paying).toEqual({ roundTrips: 2, statements: begin + ['lock', 'order'].length + commit });
    const cancelling = await cost(
      () => shop.orders.update(first.id, cancelled(reason, later)),
      () => shop.orders.update(second.id, cancelled(reason, later)),
    );
    expect(cancelling).toEqual({
      roundTrips: 2,
      statements: begin + ['lock', 'order', 'products', 'stock'].length + commit,
    });
    const reading = await cost(() => shop.orders.find(request.id, request.customerId));
    expect(reading).toEqual({ roundTrips: 1, statements: 1 });
  });

  describe('the database itself refuses', () => {
    const insert = (columns: Record<string, unknown>) => {
      const row = {
        id: '01980000-0000-7000-8000-000000000000',
        status: 'pending',
        currency: 'EUR',
        total: 1,
        items: '[]',
        history: '[{"status": "pending"}]',
        cancellation: null,
        version: 1,
        placed_at: later,
        ...columns,
      };
      const names = Object.keys(row);
      return shop.sql(
        `insert into orders.orders (${names.join()}) values (${names.map((_, index) => `$${index + 1}`).join()})`,
        Object.values(row),
      );
    };
    const cancellation = '{"code": "c", "message": "m"}';

    it.each([
      ['a version that is not the length of the history', { version: 2 }, 'orders_version_check'],
      ['a status that the history does not end with', { status: 'paid' }, 'orders_status_check'],
      ['a cancellation of what is not cancelled', { cancellation }, 'orders_cancellation_check'],
      [
        'a history that no order can have',
        { history: '[{"status": "pending"}, {"status": "cancelled"}, {"status": "paid"}]', version: 3, status: 'paid' },
        'orders_history_check',
      ],
    ])('%s', async (_, columns, constraint) => {
      await expect(insert(columns)).rejects.toMatchObject({ constraint });
    });

    it.each(['available', 'reserved', 'price'])('less than nothing of %s', async (column) => {
      const mug = aProduct();
      await shop.catalogue.add(mug);
      const taking = shop.sql(`update orders.products set ${column} = -1 where sku = $1`, [mug.sku]);
      await expect(taking).rejects.toMatchObject({ constraint: `products_${column}_check` });
    });
  });
});
