import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { mostRefunds, PaymentsErrors } from '../contract.ts';
import type { Payment } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { leftToRefund, requestRefund } from '../domain/refund.ts';
import { RefundSaga } from '../sagas/refund-saga.ts';

/** Stores refunds, each together with the saga that brings it to its end. */
export function startingRefund(transaction: Transaction, payments: Payments, sagas: Sagas, clock: Clock) {
  async function store(payment: Payment, wanted: { amount?: number | undefined; reason?: string | null | undefined }) {
    const { payment: changed, refund } = requestRefund(payment, { id: uuid(), at: clock.now(), ...wanted });
    await payments.addRefund(changed, refund);
    await sagas.start(RefundSaga, refund.id, { paymentId: payment.id, refundId: refund.id });
    return { payment: changed, refund };
  }

  /** Refunds what is left of a captured payment, if anything. Call it in the transaction that locked the payment. */
  async function rest(payment: Payment): Promise<void> {
    if (payment.state === 'captured' && leftToRefund(payment) > 0) await store(payment, {});
  }

  return {
    of: (paymentId: string, wanted: { amount?: number | undefined; reason?: string | undefined }) =>
      transaction(async () => {
        const payment = await payments.lock(paymentId);
        if (!payment) throw PaymentsErrors.paymentNotFound();
        if (payment.refunds.filter(({ status }) => status !== 'failed').length >= mostRefunds)
          throw PaymentsErrors.tooManyRefunds();
        return store(payment, wanted);
      }),

    ofTheRest: (paymentId: string): Promise<void> =>
      transaction(async () => {
        const payment = await payments.lock(paymentId);
        if (payment) await rest(payment);
      }),

    rest,
  };
}
