import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { startingRefund } from './start-refund.ts';
import { refundView } from './view.ts';

export function refund(
  transaction: Transaction,
  payments: Payments,
  sagas: Sagas,
  clock: Clock,
): Handler<typeof PaymentsApi, 'refund'> {
  const startRefund = startingRefund(transaction, payments, sagas, clock);
  return async ({ paymentId, amount, reason }) => {
    const started = await startRefund.of(paymentId, { amount, reason });
    return refundView(started.payment, started.refund);
  };
}
