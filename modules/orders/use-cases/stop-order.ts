import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import { orderCancelled } from '../contract.ts';
import { cancellationOf, cancelled, type Order, type Reason } from '../domain/order.ts';
import type { OrderRepository } from '../domain/order-repository.ts';
import { Checkout } from '../sagas/checkout.ts';

/**
 * Cancels an order, with its stock back at once. The money follows: a checkout under way releases what it holds, and
 * payments refunds what was paid when it hears of the cancellation.
 */
export const stopOrder =
  (orders: OrderRepository, outbox: Outbox, sagas: Sagas, clock: Clock) =>
  (orderId: string, reason: Reason, customerId?: string): Promise<Order | undefined> =>
    orders.change(
      orderId,
      cancelled(reason, clock.now()),
      async (change) => {
        outbox.add(orderCancelled, cancellationOf(change));
        if (change.before.status === 'pending') await sagas.cancel(Checkout, orderId, reason);
      },
      customerId,
    );
