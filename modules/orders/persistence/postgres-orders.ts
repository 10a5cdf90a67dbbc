import type { Database } from '#platform/database.ts';
import { withOneMore } from '../domain/checkout-limits.ts';
import { changeOf, place, returnedBy, type Customer, type Line } from '../domain/order.ts';
import type { Orders } from '../domain/orders.ts';
import type { PrismaClient } from './generated/client.ts';
import { orderFrom, type OrderRow } from './order-row.ts';
import {
  findCustomer,
  findOrder,
  insertOrder,
  lockCustomers,
  lockOrder,
  lockProducts,
  reserveStock,
  saveDeclines,
  updateOrder,
} from './order-statements.ts';
import { productFrom, type ProductRow } from './product-row.ts';

type CustomerRow = Pick<Customer, 'isErased' | 'pending'> & {
  readonly declines: number | null;
  readonly until: Date | null;
};

/**
 * Hot paths in statements of their own, lists in Prisma's API. Every change locks and reads in one round trip, lets the domain
 * judge, and sends what is to be written without waiting: it goes out with the commit.
 */
export function postgresOrders(database: Database, prisma: PrismaClient): Orders {
  async function readCustomer(id: string): Promise<Customer> {
    database.send(lockCustomers);
    const { rows } = await database.query<CustomerRow>(findCustomer, [id]);
    const [{ isErased, pending, declines, until }] = rows as [CustomerRow];
    return {
      isErased,
      pending,
      declines: declines !== null && until !== null ? { count: declines, until } : undefined,
    };
  }

  async function readProducts(lines: readonly Line[]) {
    const { rows } = await database.query<ProductRow>(lockProducts, [skusOf(lines)]);
    return rows.map(productFrom);
  }

  const reserve = (lines: readonly Line[], direction: 1 | -1) =>
    database.send(reserveStock, [skusOf(lines), lines.map(({ quantity }) => direction * quantity)]);

  return {
    place: (request) =>
      database.transaction(async () => {
        const [customer, products] = await Promise.all([readCustomer(request.customerId), readProducts(request.lines)]);
        const order = place(request, customer, products);
        const { id, customerId, status, total, items, history, version, placedAt } = order;
        reserve(items, 1);
        database.send(insertOrder, [
          id,
          customerId,
          status,
          total.currency,
          total.amount,
          json(items),
          json(history),
          version,
          placedAt,
        ]);
        return order;
      }),

    update: (id, transition, customerId) =>
      database.transaction(async () => {
        const { rows } = await database.query<OrderRow>(lockOrder, [id, customerId ?? null]);
        if (!rows[0]) return undefined;
        const change = changeOf(orderFrom(rows[0]), transition);
        if (!change.happened) return change;
        const { status, cancellation, history, version } = change.after;
        database.send(updateOrder, [id, status, cancellation && json(cancellation), json(history), version]);
        const returned = returnedBy(change);
        if (returned.length > 0) {
          database.send(lockProducts, [skusOf(returned)]);
          reserve(returned, -1);
        }
        return change;
      }),

    async find(id, customerId) {
      const { rows } = await database.query<OrderRow>(findOrder, [id, customerId ?? null]);
      return rows[0] && orderFrom(rows[0]);
    },

    async list({ before, limit, customerId }) {
      const where = {
        ...(before !== undefined && { id: { lt: before } }),
        ...(customerId !== undefined && { customerId }),
      };
      return (await prisma.order.findMany({ where, orderBy: { id: 'desc' }, take: limit })).map(orderFrom);
    },

    countDecline: (customerId, at) =>
      database.transaction(async () => {
        // Two declines at once must not count as one.
        database.send('select pg_advisory_xact_lock(hashtextextended($1, 0))', [customerId]);
        const { isErased, declines } = await readCustomer(customerId);
        const { count, until } = withOneMore(declines, at);
        if (!isErased) database.send(saveDeclines, [customerId, count, until.toISOString()]);
      }),

    forgetCustomer: (customerId, at) =>
      database.transaction(async () => {
        // Lets the orders finish that are just being placed, and makes the next ones see that the person is gone.
        await database.query('lock table orders in share row exclusive mode');
        await prisma.erasedCustomer.createMany({ data: [{ customerId, erasedAt: at }], skipDuplicates: true });
        await prisma.declinedCheckout.deleteMany({ where: { customerId } });
        const pending = await prisma.order.findMany({ where: { customerId, status: 'pending' }, select: { id: true } });
        await prisma.order.updateMany({ where: { customerId }, data: { customerId: null } });
        return pending.map(({ id }) => id);
      }),
  };
}

const skusOf = (lines: readonly Line[]) => lines.map(({ sku }) => sku);

/** An array would become an array of PostgreSQL. */
const json = (value: unknown) => JSON.stringify(value);
