import { type Audit, recordedActs } from '#platform/audit.ts';
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
  audit: Audit,
  clock: Clock,
): Handler<typeof PaymentsApi, 'refund'> {
  const recorded = recordedActs(transaction, audit);
  const startRefund = startingRefund(transaction, payments, sagas, clock);
  return async ({ paymentId, amount, reason }) => {
    // Not the reason: it is free text, and may tell of the person.
    const details = amount === undefined ? undefined : { amount };
    const started = await recorded({ act: 'payments.refund', target: paymentId, details }, () =>
      startRefund.of(paymentId, { amount, reason }),
    );
    return refundView(started.payment, started.refund);
  };
}
