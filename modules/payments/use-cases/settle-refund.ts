import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/observability/logger.ts';
import type { Payments } from '../domain/payments.ts';
import { type RefundOutcome, settleRefund } from '../domain/refund.ts';

/** Stores what came of a refund, with its ledger transaction and its event. Once it is known, repeating it changes nothing. */
export const settlingRefund =
  (payments: Payments, clock: Clock, logger: Logger) =>
  (paymentId: string, refundId: string, outcome: RefundOutcome): Promise<void> =>
    payments.locked(paymentId, async (payment) => {
      const refund = payment?.refunds.find(({ id }) => id === refundId);
      if (!payment || !refund) return;
      const at = clock.now();
      const settled = settleRefund(payment, refund, outcome, at);
      if (!settled) return;
      await payments.saveRefund(settled, at);
      if (outcome.status === 'failed') {
        logger.error('A refund failed. The customer has to get the money in another way.', { paymentId, refundId });
      }
    });
