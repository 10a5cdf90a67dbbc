import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { paymentCaptured } from '../contract.ts';
import { captured, captureOf, type Payment } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';

interface Taken {
  /** Absent: all that was held. */
  readonly minorUnits?: number;
  readonly reference?: string | null;
}

/** Stores, books and announces what the provider took; undefined where that is known already. */
export const settlingCapture =
  (transaction: Transaction, payments: Payments, outbox: Outbox, clock: Clock) =>
  (payment: Payment, { minorUnits, reference }: Taken = {}): Promise<Payment | undefined> =>
    transaction(async () => {
      const at = clock.now();
      const settled = await payments.apply(payment.id, captured(payment, at, minorUnits, reference), at);
      if (settled) outbox.add(paymentCaptured, captureOf(settled, at));
      return settled;
    });
