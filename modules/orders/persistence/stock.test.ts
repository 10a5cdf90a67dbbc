import * as fc from 'fast-check';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '#platform/errors.ts';
import { cancelled, confirmed, type Line, type Order } from '../domain/order.ts';
import { postgresShop } from '../testing/postgres-shop.ts';
import { aProduct, aRequest, later } from '../testing/shop.ts';

/** So many connections, each busy all the time, that statements meet. */
const atOnce = 12;

let shop: Awaited<ReturnType<typeof postgresShop>>;
beforeAll(async () => {
  shop = await postgresShop({ poolSize: atOnce });
});
afterAll(() => shop.drop());

const reason = { code: 'orders.changed-mind', message: 'No.' };

async function shelf(skus: readonly string[]) {
  const { rows } = await shop.sql(
    `select sku, available::int, reserved::int,
       (select coalesce(sum(item.quantity), 0)::int
        from orders.orders, jsonb_to_recordset(items) as item (sku text, quantity bigint)
        where status <> 'cancelled' and item.sku = product.sku) as ordered
     from orders.products as product where sku = any ($1) order by sku`,
    [skus],
  );
  return rows as { sku: string; available: number; reserved: number; ordered: number }[];
}

/** Undefined where there was not enough, or where it was cancelled. */
const unlessRefused = <T>(work: Promise<T>) =>
  work.catch((error: unknown) => {
    if (error instanceof Failure && error.kind === 'conflict') return undefined;
    throw error;
  });

describe('under many hands at once', () => {
  it('exactly what is in stock is sold', async () => {
    const [mug, tea] = [aProduct({ stock: 25 }), aProduct({ stock: 1000 })];
    await shop.catalogue.add(mug);
    await shop.catalogue.add(tea);
    const buy = (quantity: number) =>
      unlessRefused(
        shop.orders.place(
          aRequest([
            { sku: tea.sku, quantity: 1 },
            { sku: mug.sku, quantity },
          ]),
        ),
      );

    const orders = (await Promise.all(Array.from({ length: 60 }, () => buy(1)))).filter(Boolean);

    expect(orders).toHaveLength(25);
    expect(await shelf([mug.sku, tea.sku])).toEqual(
      [
        { sku: mug.sku, available: 0, reserved: 25, ordered: 25 },
        { sku: tea.sku, available: 975, reserved: 25, ordered: 25 },
      ].sort((a, b) => (a.sku < b.sku ? -1 : 1)),
    );
  });

  const productCount = 3;
  const aLine = fc.record({ product: fc.nat(productCount - 1), quantity: fc.integer({ min: 1, max: 4 }) });
  const anAct = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constant('place' as const),
        lines: fc.uniqueArray(aLine, { minLength: 1, selector: ({ product }) => product }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('cancel' as const, 'pay' as const), order: fc.nat() }) },
  );

  it('stock is conserved, reserved is what is ordered, and every order stays legal, whatever is placed, paid and cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: productCount, maxLength: productCount }),
        fc.array(anAct, { minLength: atOnce, maxLength: 5 * atOnce }),
        async (stocks, acts) => {
          const run = uuid();
          const products = stocks.map((stock, index) => aProduct({ sku: `${run}-${index}`, stock }));
          for (const product of products) await shop.catalogue.add(product);
          const orders: Order[] = [];

          async function perform(one: (typeof acts)[number]): Promise<void> {
            if (one.act === 'place') {
              const lines: Line[] = one.lines.map(({ product, quantity }) => ({
                sku: products[product]!.sku,
                quantity,
              }));
              const order = await unlessRefused(shop.orders.place(aRequest(lines)));
              if (order) orders.push(order);
              return;
            }
            const order = orders[one.order % orders.length];
            const transition = one.act === 'pay' ? confirmed(later) : cancelled(reason, later);
            if (order) await unlessRefused(shop.orders.update(order.id, transition));
          }
          const queue = [...acts];
          const work = async () => {
            for (let next = queue.shift(); next; next = queue.shift()) await perform(next);
          };
          await Promise.all(Array.from({ length: atOnce }, work));

          for (const [index, { available, reserved, ordered }] of (
            await shelf(products.map(({ sku }) => sku))
          ).entries()) {
            expect(available).toBeGreaterThanOrEqual(0);
            expect(available + reserved).toBe(stocks[index]);
            expect(reserved).toBe(ordered);
          }
          for (const { id } of orders) {
            const order = (await shop.orders.find(id))!;
            expect(order.history).toHaveLength(order.version);
          }
        },
      ),
      // A race does not come again because fast-check tries a shorter list.
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('nobody waits for each other in a circle', async () => {
    await shop.database.close();
    const { rows } = await shop.sql('select deadlocks::int from pg_stat_database where datname = current_database()');
    expect(rows).toEqual([{ deadlocks: 0 }]);
  });
});
