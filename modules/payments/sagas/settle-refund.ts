import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Payment } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { type Refund, type RefundOutcome, settleRefund } from '../domain/refund.ts';

/**
 * Stores what came of a refund, with its ledger transaction and its event. Once it is known, repeating it changes nothing.
 * Within `locked`.
 */
export const settlingRefund =
  (payments: Payments, clock: Clock, logger: Logger) =>
  async (payment: Payment, refund: Refund, outcome: RefundOutcome): Promise<void> => {
    const at = clock.now();
    const settled = settleRefund(payment, refund, outcome, at);
    if (!settled) return;
    await payments.saveRefund(settled, at);
    if (outcome.status === 'failed') {
      const fields = { paymentId: payment.id, refundId: refund.id };
      logger.error('A refund failed. The customer has to get the money in another way.', fields);
    }
  };
