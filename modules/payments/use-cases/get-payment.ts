import type { Handler } from '#platform/contract.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { paymentView } from './view.ts';

/** Another customer's payment answers not-found, so that ids cannot be probed. */
export function getPayment(payments: Payments): Handler<typeof PaymentsApi, 'getPayment'> {
  return async ({ paymentId, customerId }) => {
    const payment = await payments.find(paymentId);
    if (!payment || (customerId !== undefined && payment.customerId !== customerId))
      throw PaymentsErrors.paymentNotFound();
    return paymentView(payment);
  };
}
