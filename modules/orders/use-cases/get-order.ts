import type { Handler } from '#platform/contract.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Orders } from '../domain/orders.ts';

export function getOrder(orders: Orders): Handler<typeof OrdersApi, 'getOrder'> {
  return async ({ orderId, customerId }) => {
    const order = await orders.find(orderId, customerId);
    if (!order) throw OrdersErrors.orderNotFound();
    return order;
  };
}
