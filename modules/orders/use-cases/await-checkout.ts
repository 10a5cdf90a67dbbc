import type { Handler } from '#platform/contract.ts';
import type { Sagas } from '#platform/sagas.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Orders } from '../domain/orders.ts';
import { Checkout } from '../sagas/checkout.ts';

export function awaitCheckout(orders: Orders, sagas: Sagas): Handler<typeof OrdersApi, 'awaitCheckout'> {
  return async ({ orderId, timeout }) => {
    await sagas.whenEnded(Checkout, orderId, timeout);
    const order = await orders.find(orderId);
    if (!order) throw OrdersErrors.orderNotFound();
    return order;
  };
}
