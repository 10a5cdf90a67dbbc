import type { Handler } from '#platform/contract.ts';
import { wholeOrPage } from '#platform/pages.ts';
import type { OrdersApi } from '../contract.ts';
import type { Orders } from '../domain/orders.ts';

export function exportPersonalData(orders: Orders): Handler<typeof OrdersApi, 'exportPersonalData'> {
  return async ({ userId, cursor, limit }) => {
    const { data, nextCursor } = await wholeOrPage(
      limit,
      (most) => orders.list({ customerId: userId, before: cursor, limit: most }),
      ({ id }) => id,
    );
    return { orders: data, nextCursor };
  };
}
