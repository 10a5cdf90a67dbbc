import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import { type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import { captureStarted, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { settlingCapture } from './settle-capture.ts';

export function capture(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  clock: Clock,
): Handler<typeof PaymentsApi, 'capture'> {
  const settleCapture = settlingCapture(transaction, payments, outbox, clock);
  return async ({ paymentId }, context) => {
    const payment = await payments.apply(paymentId, captureStarted, clock.now());
    if (payment) {
      const outcome = await providerOf(providers, payment).capture(payment, context);
      const settled =
        outcome === 'captured' ? await settleCapture(payment) : await payments.apply(paymentId, voided, clock.now());
      if (settled?.state === 'captured') return {};
    }
    const current = await payments.find(paymentId);
    if (!current) throw PaymentsErrors.paymentNotFound();
    // At the provider somebody may have taken a part, or let go of it.
    if (current.captured !== current.amount.amount || current.state !== 'captured')
      throw PaymentsErrors.illegalTransition();
    return {};
  };
}
