/**
 * The books, in double entry: every transaction debits one account and credits another by the same amount, and
 * nothing that was written is ever changed. A hold moves no money and so leaves no trace here.
 */
import type { Money } from './money.ts';

/**
 * Money that a provider owes us, by provider, so that play money never mixes with real; sales; refunds; money that
 * customers' banks took back.
 */
export type Account = `provider:${string}` | 'sales' | 'refunds' | 'disputes';

export interface Entry {
  readonly account: Account;
  readonly side: 'debit' | 'credit';
  readonly amount: Money;
}

export interface LedgerTransaction {
  /** Says what it is for, such as `capture:<payment id>`: what happens once cannot be written twice. */
  readonly id: string;
  readonly paymentId: string;
  readonly entries: readonly [Entry, Entry];
  readonly at: Date;
}

interface Movement {
  readonly paymentId: string;
  readonly provider: string;
  readonly amount: Money;
  readonly at: Date;
}

const transaction = (
  id: string,
  { paymentId, amount, at }: Movement,
  debit: Account,
  credit: Account,
): LedgerTransaction => ({
  id,
  paymentId,
  at,
  entries: [
    { account: debit, side: 'debit', amount },
    { account: credit, side: 'credit', amount },
  ],
});

export const captureInLedger = (movement: Movement): LedgerTransaction =>
  transaction(`capture:${movement.paymentId}`, movement, `provider:${movement.provider}`, 'sales');

export const refundInLedger = (refundId: string, movement: Movement): LedgerTransaction =>
  transaction(`refund:${refundId}`, movement, 'refunds', `provider:${movement.provider}`);

/** A provider can take back its word that a refund went through, when the customer's bank returns the money. */
export const returnedRefundInLedger = (refundId: string, movement: Movement): LedgerTransaction =>
  transaction(`returned-refund:${refundId}`, movement, `provider:${movement.provider}`, 'refunds');

/** A customer's bank took money back by itself. It may take what was refunded too, so it has an account of its own. */
export const disputeInLedger = (dispute: string, movement: Movement): LedgerTransaction =>
  transaction(`dispute:${movement.paymentId}:${dispute}`, movement, 'disputes', `provider:${movement.provider}`);

/** The dispute was decided for us. */
export const wonDisputeInLedger = (dispute: string, movement: Movement): LedgerTransaction =>
  transaction(`won-dispute:${movement.paymentId}:${dispute}`, movement, `provider:${movement.provider}`, 'disputes');
