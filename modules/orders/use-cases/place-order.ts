import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { orderPlaced, type OrdersApi } from '../contract.ts';
import type { CheckoutLimits } from '../domain/checkout-limits.ts';
import { mergeLines } from '../domain/order.ts';
import type { Orders } from '../domain/orders.ts';
import { Checkout } from '../sagas/checkout.ts';

/** Reserves the stock, announces the order and starts its checkout, all or nothing. */
export const placeOrder =
  (
    transaction: Transaction,
    orders: Orders,
    outbox: Outbox,
    sagas: Sagas,
    clock: Clock,
    limits: CheckoutLimits,
  ): Handler<typeof OrdersApi, 'placeOrder'> =>
  ({ customerId, items, paymentToken }) =>
    transaction(async () => {
      const order = await orders.place({
        id: uuid(),
        customerId,
        lines: mergeLines(items),
        limits,
        placedAt: clock.now(),
      });
      const { id: orderId, total, placedAt } = order;
      outbox.add(orderPlaced, { orderId, customerId, total, placedAt });
      await sagas.start(Checkout, orderId, { orderId, customerId, total, paymentToken });
      return order;
    });
