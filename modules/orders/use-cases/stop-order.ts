import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { orderCancelled } from '../contract.ts';
import { cancellationOf, cancelled, type Order, type Reason } from '../domain/order.ts';
import type { Orders } from '../domain/orders.ts';
import { Checkout } from '../sagas/checkout.ts';

/**
 * Cancels an order, with its stock back at once. The money follows: a checkout under way releases what it holds, and
 * payments refunds what was paid when it hears of the cancellation.
 */
export const stopOrder =
  (transaction: Transaction, orders: Orders, outbox: Outbox, sagas: Sagas, clock: Clock) =>
  (orderId: string, reason: Reason, customerId?: string): Promise<Order | undefined> =>
    transaction(async () => {
      const change = await orders.update(orderId, cancelled(reason, clock.now()), customerId);
      if (!change?.happened) return change?.after;
      outbox.add(orderCancelled, cancellationOf(change));
      if (change.before.status === 'pending') await sagas.cancel(Checkout, orderId, reason);
      return change.after;
    });
