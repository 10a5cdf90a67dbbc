import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { type Patience, type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import { type Payment, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { leftToRefund } from '../domain/refund.ts';
import { settlingCapture } from './settle-capture.ts';
import { startingRefund } from './start-refund.ts';

/** Gives back all of a payment: voids it if it is `voiding`, and starts to refund what was taken. */
export function givingBack(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  sagas: Sagas,
  clock: Clock,
) {
  const settleCapture = settlingCapture(transaction, payments, outbox, clock);
  const startRefund = startingRefund(transaction, payments, sagas, clock);

  return async (payment: Payment, patience: Patience): Promise<void> => {
    const settled = payment.state === 'voiding' ? await settleVoid(payment, patience) : payment;
    if (settled.state === 'captured' && leftToRefund(settled) > 0) await startRefund.ofTheRest(settled.id);
  };

  async function settleVoid(payment: Payment, patience: Patience): Promise<Payment> {
    const outcome = await providerOf(providers, payment).void(payment, patience);
    const settled =
      outcome === 'voided' ? await payments.apply(payment.id, voided, clock.now()) : await settleCapture(payment);
    return settled ?? (await payments.find(payment.id)) ?? payment;
  }
}
