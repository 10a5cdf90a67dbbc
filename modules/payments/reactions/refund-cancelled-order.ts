import type { Clock } from '#platform/clock.ts';
import type { Reaction } from '#platform/module.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { orderCancelled } from '../../orders/contract.ts';
import type { Payments } from '../domain/payments.ts';
import { startingRefund } from '../use-cases/start-refund.ts';

/** An order that was not paid is none of our business here: its checkout releases what it held. */
export function refundCancelledOrder(
  transaction: Transaction,
  payments: Payments,
  sagas: Sagas,
  clock: Clock,
): Reaction<typeof orderCancelled> {
  const startRefund = startingRefund(transaction, payments, sagas, clock);
  return async ({ orderId, wasPaid }) => {
    if (!wasPaid) return;
    for (const payment of await payments.list({ orderId })) await startRefund.ofTheRest(payment.id);
  };
}
