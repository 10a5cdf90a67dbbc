import type { Clock } from '#platform/clock.ts';
import type { Sagas } from '#platform/sagas.ts';
import { type Patience, type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import { captured, type Payment, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { leftToRefund } from '../domain/refund.ts';
import { startingRefund } from './start-refund.ts';

/** Gives back all of a payment: voids it if it is `voiding`, and starts to refund what was taken. */
export function givingBack(payments: Payments, providers: PaymentProviders, sagas: Sagas, clock: Clock) {
  const startRefund = startingRefund(payments, sagas, clock);

  return async (payment: Payment, patience: Patience): Promise<void> => {
    const settled = payment.state === 'voiding' ? await settleVoid(payment, patience) : payment;
    if (settled.state === 'captured' && leftToRefund(settled) > 0) await startRefund.ofTheRest(settled.id);
  };

  async function settleVoid(payment: Payment, patience: Patience): Promise<Payment> {
    const outcome = await providerOf(providers, payment).void(payment, patience);
    const change = outcome === 'voided' ? voided : captured(payment, clock.now());
    return (await payments.apply(payment.id, change, clock.now())) ?? (await payments.find(payment.id)) ?? payment;
  }
}
