import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { PaymentsApi } from '../contract.ts';
import type { PaymentProviders } from '../domain/payment-provider.ts';
import type { Payments } from '../domain/payments.ts';
import { givingBack } from './give-back.ts';

export function release(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  sagas: Sagas,
  clock: Clock,
): Handler<typeof PaymentsApi, 'release'> {
  const giveBack = givingBack(transaction, payments, outbox, providers, sagas, clock);
  return async ({ orderId }, context) => {
    const found = await payments.release(orderId, clock.now());
    const outcomes = await Promise.allSettled(found.map((payment) => giveBack(payment, context)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    return {};
  };
}
