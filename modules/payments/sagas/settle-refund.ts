import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import { paymentRefunded } from '../contract.ts';
import type { Payment } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { type Refund, type RefundOutcome, refundOf, settleRefund } from '../domain/refund.ts';

/**
 * Stores what came of a refund, books it and announces it. Once it is known, repeating it changes nothing. Call it in the
 * transaction that locked the payment.
 */
export const settlingRefund =
  (payments: Payments, outbox: Outbox, clock: Clock, logger: Logger) =>
  async (payment: Payment, refund: Refund, outcome: RefundOutcome): Promise<void> => {
    const at = clock.now();
    const settled = settleRefund(payment, refund, outcome, at);
    if (!settled) return;
    await payments.saveRefund(settled, at);
    if (outcome.status === 'succeeded') outbox.add(paymentRefunded, refundOf(payment, refund, at));
    if (outcome.status === 'failed') {
      const fields = { paymentId: payment.id, refundId: refund.id };
      logger.error('A refund failed. The customer has to get the money in another way.', fields);
    }
  };
