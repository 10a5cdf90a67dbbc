import type { Handler } from '#platform/contract.ts';
import type { Sagas } from '#platform/sagas.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { RefundSaga } from '../sagas/refund-saga.ts';
import { refundView } from './view.ts';

export function awaitRefund(payments: Payments, sagas: Sagas): Handler<typeof PaymentsApi, 'awaitRefund'> {
  return async ({ paymentId, refundId, timeout }) => {
    await sagas.whenEnded(RefundSaga, refundId, timeout);
    const payment = await payments.find(paymentId);
    const refund = payment?.refunds.find(({ id }) => id === refundId);
    if (!payment || !refund) throw PaymentsErrors.paymentNotFound();
    return refundView(payment, refund);
  };
}
