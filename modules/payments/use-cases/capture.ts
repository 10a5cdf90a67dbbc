import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import { type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import { captured, captureStarted, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';

export function capture(payments: Payments, providers: PaymentProviders, clock: Clock): Handler<typeof PaymentsApi, 'capture'> {
  return async ({ paymentId }, context) => {
    const payment = await payments.apply(paymentId, captureStarted, clock.now());
    if (payment) {
      const outcome = await providerOf(providers, payment).capture(payment, context);
      const now = clock.now();
      const settled = await payments.apply(paymentId, outcome === 'captured' ? captured(payment, now) : voided, now);
      if (settled?.state === 'captured') return {};
    }
    const current = await payments.find(paymentId);
    if (!current) throw PaymentsErrors.paymentNotFound();
    // At the provider somebody may have taken a part, or let go of it.
    if (current.captured !== current.amount.amount || current.state !== 'captured') throw PaymentsErrors.illegalTransition();
    return {};
  };
}
