import { z } from 'zod';
import type { Clock } from '#platform/clock.ts';
import { backgroundContext, currentContext } from '#platform/context.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import { saga, type SagaDataOf, type SagaImplementation } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { PaymentsErrors } from '../contract.ts';
import { type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import type { Payments } from '../domain/payments.ts';
import { settlingRefund } from './settle-refund.ts';

/** Brings a stored refund to its end, however long the provider takes. */
export const RefundSaga = saga('payments.refund', 1, z.object({ paymentId: z.uuid(), refundId: z.uuid() }));

const day = 24 * 60 * 60 * 1000;
/** Milliseconds, where a step comes with no deadline of its own. */
const patience = 30_000;

export function refundSteps(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  clock: Clock,
  logger: Logger,
): SagaImplementation<SagaDataOf<typeof RefundSaga>> {
  const settle = settlingRefund(payments, outbox, clock, logger);

  async function giveMoneyBack({ paymentId, refundId }: SagaDataOf<typeof RefundSaga>): Promise<void> {
    const payment = await payments.find(paymentId);
    const refund = payment?.refunds.find(({ id }) => id === refundId);
    if (!payment || refund?.status !== 'pending') return;
    const context = currentContext() ?? backgroundContext(refundId, patience);
    const request = { refundId, payment, amount: refund.amount };
    const { status, reference } = await providerOf(providers, payment).refund(request, context);
    if (status === 'pending') throw PaymentsErrors.providerUnavailable('The provider has not finished this refund.');
    await transaction(async () => {
      const locked = await payments.lock(paymentId);
      const asStored = locked?.refunds.find(({ id }) => id === refundId);
      if (locked && asStored) await settle(locked, asStored, { status, reference });
    });
  }

  return {
    deadline: 3 * day,
    // The provider may have moved the money: the only way out is to find out whether it has.
    steps: [{ name: 'give-money-back', run: giveMoneyBack, undo: giveMoneyBack }],
  };
}
