import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { OrdersApi } from '../contract.ts';
import type { Orders } from '../domain/orders.ts';

export function listOrders(orders: Orders): Handler<typeof OrdersApi, 'listOrders'> {
  return async ({ cursor, limit, customerId }) =>
    pageOf(limit, await orders.list({ before: cursor, limit: limit + 1, customerId }), ({ id }) => id);
}
