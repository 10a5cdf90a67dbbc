// ADR 0062
import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { disputeInLedger, wonDisputeInLedger } from '../domain/ledger.ts';
import type { Reported } from '../domain/payment-provider.ts';
import { mayBecomeCaptured, voided } from '../domain/payment.ts';
import type { Payments, PaymentWithRefunds } from '../domain/payments.ts';
import { leftToRefund, type Refund, requestRefund } from '../domain/refund.ts';
import { settlingRefund } from '../sagas/settle-refund.ts';
import { settlingCapture } from './settle-capture.ts';
import { startingRefund } from './start-refund.ts';

type ReportOf<K extends Reported['kind']> = Extract<Reported, { kind: K }>;

/**
 * A report came before one that it builds on, or before the end of something of ours. Answered 503, it is sent again: the
 * provider keeps it in order, for days, and what it waits for takes minutes. A copy of that queue of our own would have to be
 * watched as well.
 */
const tooEarly = (why: string) => platformErrors.unavailable(why);

/**
 * Applies what a provider reports of a payment. Throws `platform.unavailable` where that cannot be judged yet. Call it in the
 * transaction that locked the payment.
 */
export function judgingReports(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  sagas: Sagas,
  clock: Clock,
  logger: Logger,
) {
  const settleCapture = settlingCapture(transaction, payments, outbox, clock);
  const settle = settlingRefund(payments, outbox, clock, logger);
  const startRefund = startingRefund(transaction, payments, sagas, clock);

  return async (payment: PaymentWithRefunds, reported: Reported): Promise<void> => {
    switch (reported.kind) {
      case 'captured':
        return taken(payment, reported);
      case 'voided':
        return void (await payments.apply(payment.id, voided, clock.now()));
      case 'refund':
        return givenBack(payment, reported);
      case 'dispute':
        return disputed(payment, reported);
    }
  };

  async function taken(payment: PaymentWithRefunds, { minorUnits, reference }: ReportOf<'captured'>): Promise<void> {
    // Settling the authorization looks for a release of the order, and no capture may come before that.
    if (payment.state === 'authorizing') throw tooEarly('It is not known yet what came of the authorization.');
    const applied = await settleCapture(payment, { minorUnits, reference });
    if (!applied && payment.captured !== minorUnits) return mismatch(payment, 'capture', minorUnits);
    // The caller that wanted it voided may never ask again.
    if (applied && payment.state === 'voiding') await startRefund.rest(applied);
  }

  async function givenBack(
    payment: PaymentWithRefunds,
    { refundId, reference, minorUnits, status }: ReportOf<'refund'>,
  ): Promise<void> {
    const known = payment.refunds.find((refund) =>
      refundId === null ? reference !== null && refund.reference === reference : refund.id === refundId,
    );
    if (known) return status === 'pending' ? undefined : settle(payment, known, { status, reference });

    if (mayBecomeCaptured(payment)) throw tooEarly('It is not known yet what was captured of this payment.');
    if (payment.state !== 'captured' || minorUnits > payment.captured) return mismatch(payment, 'refund', minorUnits);
    // One that was not asked for here, but at the provider, is entered here.
    const refund = {
      id: refundId ?? uuid(),
      paymentId: payment.id,
      amount: minorUnits,
      reason: null,
      reference,
      createdAt: clock.now(),
    };
    if (status === 'failed') return payments.addRefund(payment, { ...refund, status });
    // One of those that are known must fail, or be returned, for this one to be true.
    if (minorUnits > leftToRefund(payment))
      throw tooEarly('It does not fit beside the refunds of this payment that are known.');
    const requested = requestRefund(payment, { ...refund, at: refund.createdAt });
    const entered: Refund = { ...requested.refund, reference };
    await payments.addRefund(requested.payment, entered);
    if (status === 'succeeded') await settle(requested.payment, entered, { status, reference });
  }

  async function disputed(
    payment: PaymentWithRefunds,
    { reference, minorUnits, status }: ReportOf<'dispute'>,
  ): Promise<void> {
    if (mayBecomeCaptured(payment)) throw tooEarly('It is not known yet what was captured of this payment.');
    if (payment.state !== 'captured') return mismatch(payment, 'dispute', minorUnits);
    const amount = { amount: minorUnits, currency: payment.amount.currency };
    const movement = { paymentId: payment.id, provider: payment.provider, amount, at: clock.now() };
    const withdrawal = disputeInLedger(reference, movement);
    if (status === 'withdrawn') return payments.book(withdrawal);
    if (!(await payments.isBooked(withdrawal.id))) throw tooEarly('It is not known yet what this dispute took.');
    await payments.book(wonDisputeInLedger(reference, movement));
  }

  function mismatch({ id, state, captured: here }: PaymentWithRefunds, act: string, minorUnits: number): void {
    logger.error(`The provider reports a ${act} that does not fit the payment. Compare the two by hand.`, {
      paymentId: id,
      state,
      captured: here,
      minorUnits,
    });
  }
}
