import type { Handler } from '#platform/contract.ts';
import type { OrdersApi } from '../contract.ts';
import type { OrderRepository } from '../domain/order-repository.ts';

export function exportPersonalData(orders: OrderRepository): Handler<typeof OrdersApi, 'exportPersonalData'> {
  return async ({ userId }) => ({ orders: await orders.allOf(userId) });
}
