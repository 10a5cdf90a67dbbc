/** A refund: a part of a captured payment, or all of it, on its way back to the customer. */
import type { z } from 'zod';
import type { PayloadOf } from '#platform/contract.ts';
import { PaymentsErrors, type paymentRefunded, type Refund as RefundView } from '../contract.ts';
import { type LedgerTransaction, refundInLedger, returnedRefundInLedger } from './ledger.ts';
import type { Payment } from './payment.ts';

/** A refund as others see it, with what only this module knows of it. */
export interface Refund extends Readonly<Omit<z.output<typeof RefundView>, 'amount' | 'createdAt'>> {
  readonly paymentId: string;
  /** Minor units, in the currency of the payment. */
  readonly amount: number;
  /** The provider's name for it; null until the provider has answered. */
  readonly reference: string | null;
  readonly createdAt: Date;
}

export const leftToRefund = (payment: Payment): number => payment.captured - payment.refunded;

/** Counts the requested amount as refunded from now on, so that no other refund can ask for it too. */
export function requestRefund(
  payment: Payment,
  {
    id,
    amount = leftToRefund(payment),
    reason = null,
    at,
  }: { id: string; amount?: number | undefined; reason?: string | null | undefined; at: Date },
): { payment: Payment; refund: Refund } {
  if (payment.state !== 'captured') throw PaymentsErrors.illegalTransition('Only a captured payment can be refunded.');
  if (amount > leftToRefund(payment)) {
    throw PaymentsErrors.refundTooLarge(`Of this payment ${leftToRefund(payment)} minor units are left to refund.`);
  }
  if (amount === 0) throw PaymentsErrors.refundTooLarge('Nothing of this payment is left to refund.');
  return {
    payment: { ...payment, refunded: payment.refunded + amount },
    refund: { id, paymentId: payment.id, amount, reason, status: 'pending', reference: null, createdAt: at },
  };
}

export interface RefundOutcome {
  readonly status: 'succeeded' | 'failed';
  readonly reference: string | null;
}

export interface SettledRefund {
  readonly payment: Payment;
  readonly refund: Refund;
  readonly ledger?: LedgerTransaction;
}

/**
 * The provider told the outcome of a refund; undefined when that is known already. A failed amount can be asked for
 * again. A provider can report that a refund failed after it said that it succeeded: then the money is back with us.
 */
export function settleRefund(
  payment: Payment,
  refund: Refund,
  { status, reference }: RefundOutcome,
  at: Date,
): SettledRefund | undefined {
  if (refund.status === 'failed' || refund.status === status) return undefined;
  const settled = { ...refund, status, reference: reference ?? refund.reference };
  const amount = { amount: refund.amount, currency: payment.amount.currency };
  const movement = { paymentId: payment.id, provider: payment.provider, amount, at };
  if (status === 'succeeded') {
    return {
      payment,
      refund: settled,
      ledger: refundInLedger(refund.id, movement),
    };
  }
  return {
    payment: { ...payment, refunded: payment.refunded - refund.amount },
    refund: settled,
    ...(refund.status === 'succeeded' && { ledger: returnedRefundInLedger(refund.id, movement) }),
  };
}

/** The payload that announces a refund that succeeded. */
export const refundOf = (
  { id, orderId, amount: { currency } }: Payment,
  refund: Refund,
  at: Date,
): PayloadOf<typeof paymentRefunded> => ({
  paymentId: id,
  orderId,
  refundId: refund.id,
  amount: { amount: refund.amount, currency },
  refundedAt: at.toISOString(),
});
