import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import { orderPlaced, type OrdersApi } from '../contract.ts';
import type { CheckoutLimits } from '../domain/checkout-limits.ts';
import { mergeLines } from '../domain/order.ts';
import type { OrderRepository } from '../domain/order-repository.ts';
import { Checkout } from '../sagas/checkout.ts';

/** The order, its reserved stock, its event and its checkout come into being together. */
export function placeOrder(
  orders: OrderRepository,
  outbox: Outbox,
  sagas: Sagas,
  clock: Clock,
  limits: CheckoutLimits,
): Handler<typeof OrdersApi, 'placeOrder'> {
  return ({ customerId, items, paymentToken }) =>
    orders.place(
      { id: uuid(), customerId, lines: mergeLines(items), limits, placedAt: clock.now() },
      async ({ id: orderId, total, placedAt }) => {
        outbox.add(orderPlaced, { orderId, customerId, total, placedAt });
        await sagas.start(Checkout, orderId, { orderId, customerId, total, paymentToken });
      },
    );
}
