import type { Database } from '#platform/database.ts';
import { type CheckoutRecord, declinesCountFor, requireRoom } from '../domain/checkout-limits.ts';
import { accountErased, after, origins, place, type OrderRequest, type Transition } from '../domain/order.ts';
import type { OrderRepository } from '../domain/order-repository.ts';
import type { PrismaClient } from './generated/client.ts';
import { orderFrom, type OrderRow } from './order-row.ts';
import { cancelOrder, countDecline, findOrder, payOrder, placeOrder } from './order-statements.ts';
import { productFrom, type ProductRow } from './product-row.ts';

/** Hot paths in one statement each; lists in Prisma's own API. */
export function postgresOrders(database: Database, prisma: PrismaClient): OrderRepository {
  async function reserve({ id, customerId, lines, limits, placedAt }: OrderRequest) {
    const { rows } = await database.query<ProductRow & CheckoutRecord & { customerErased: boolean }>(placeOrder, [
      id,
      customerId,
      lines.map(({ sku }) => sku),
      lines.map(({ quantity }) => quantity),
      placedAt.toISOString(),
      limits.pending,
      limits.declines,
    ]);
    if (rows[0]?.customerErased) throw accountErased();
    if (rows[0]) requireRoom(rows[0], limits, placedAt);
    return rows.map(productFrom);
  }

  async function settle(id: string, transition: Transition, customerId: string | undefined) {
    const { to, at } = transition;
    const { rows } = await database.query<OrderRow>(to === 'paid' ? payOrder : cancelOrder, [
      id,
      customerId ?? null,
      origins[to],
      at.toISOString(),
      to,
      to === 'paid' ? null : JSON.stringify(transition.reason),
    ]);
    return rows[0] && orderFrom(rows[0]);
  }

  return {
    place: (request, alongside) =>
      database.transaction(async () => {
        const order = place(request, await reserve(request));
        await alongside(order);
        return order;
      }),

    async countDecline(customerId, at) {
      const until = new Date(at.getTime() + declinesCountFor);
      await database.query(countDecline, [customerId, at.toISOString(), until.toISOString()]);
    },

    change: (id, transition, alongside, customerId) =>
      database.transaction(async () => {
        const before = await settle(id, transition, customerId);
        if (!before) return undefined;
        const change = { before, after: after(before, transition) };
        if (change.after !== before) await alongside(change);
        return change.after;
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

    forgetCustomer: (customerId, at) =>
      database.transaction(async () => {
        // Lets the orders finish that are just being placed, and makes the next ones see that the person is gone.
        await database.query('LOCK TABLE orders IN SHARE ROW EXCLUSIVE MODE');
        await prisma.erasedCustomer.createMany({ data: [{ customerId, erasedAt: at }], skipDuplicates: true });
        await prisma.declinedCheckout.deleteMany({ where: { customerId } });
        const pending = await prisma.order.findMany({ where: { customerId, status: 'pending' }, select: { id: true } });
        await prisma.order.updateMany({ where: { customerId }, data: { customerId: null } });
        return pending.map(({ id }) => id);
      }),
  };
}
