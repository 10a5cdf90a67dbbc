import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anIntent, euros, noon } from '../testing/payments.ts';
import type { Entry, LedgerTransaction } from './ledger.ts';
import { captured, changed, type Payment } from './payment.ts';
import { leftToRefund, type Refund, refundOf, requestRefund, settleRefund } from './refund.ts';

const amounts = fc.integer({ min: 1, max: 1_000_000_000_000 });

function aCapturedPayment(amount = 5000): { payment: Payment; ledger: LedgerTransaction[] } {
  const { id, orderId, customerId, provider, at } = anIntent();
  const authorized: Payment = {
    id,
    orderId,
    customerId,
    provider,
    amount: euros(amount),
    state: 'authorized',
    captured: 0,
    refunded: 0,
    reference: 'pi_1',
    decline: null,
    createdAt: at,
  };
  const change = captured(authorized, noon);
  return { payment: changed(authorized, change), ledger: change.ledger ? [change.ledger] : [] };
}

const signed = ({ side, amount }: Entry) => (side === 'debit' ? amount.amount : -amount.amount);
const balance = (ledger: readonly LedgerTransaction[], account: string) =>
  ledger
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.account === account)
    .reduce((sum, entry) => sum + signed(entry), 0);

describe('a refund', () => {
  it('is of all that is left, where nothing else is said', () => {
    const first = requestRefund(aCapturedPayment().payment, { id: 'a', amount: 1200, at: noon });
    const rest = requestRefund(first.payment, { id: 'b', at: noon });
    expect(rest.refund.amount).toBe(3800);
    expect(leftToRefund(rest.payment)).toBe(0);
  });

  it.each([
    ['more than was captured', 5001],
    ['nothing', 0],
  ])('of %s is refused', (_, amount) => {
    expect(() => requestRefund(aCapturedPayment().payment, { id: 'a', amount, at: noon })).toThrow(
      expect.objectContaining({ code: 'payments.refund-too-large' }),
    );
  });

  it('of what is not captured is refused', () => {
    const { payment } = aCapturedPayment();
    expect(() => requestRefund({ ...payment, state: 'authorized', captured: 0 }, { id: 'a', at: noon })).toThrow(
      expect.objectContaining({ code: 'payments.illegal-transition' }),
    );
  });

  it('is announced when it succeeds, and settled once', () => {
    const { payment, refund } = requestRefund(aCapturedPayment().payment, { id: 'a', amount: 1200, at: noon });
    const settled = settleRefund(payment, refund, { status: 'succeeded', reference: 're_1' }, noon);
    expect(refundOf(payment, settled!.refund, noon)).toEqual({
      paymentId: payment.id,
      orderId: payment.orderId,
      refundId: 'a',
      amount: euros(1200),
      refundedAt: noon.toISOString(),
    });
    expect(settleRefund(payment, settled!.refund, { status: 'succeeded', reference: 're_1' }, noon)).toBeUndefined();
  });

  it('that failed stays failed', () => {
    const { payment, refund } = requestRefund(aCapturedPayment().payment, { id: 'a', amount: 1200, at: noon });
    const failed = settleRefund(payment, refund, { status: 'failed', reference: null }, noon);
    expect(failed?.payment.refunded).toBe(0);
    expect(
      settleRefund(failed!.payment, failed!.refund, { status: 'succeeded', reference: null }, noon),
    ).toBeUndefined();
  });
});

/** `request` is in percent of what was captured. */
type Act = { readonly request: number } | { readonly settle: number; readonly status: 'succeeded' | 'failed' };
const acts = fc.array(
  fc.oneof(
    fc.record({ request: fc.integer({ min: 1, max: 110 }) }),
    fc.record({ settle: fc.nat(5), status: fc.constantFrom('succeeded' as const, 'failed' as const) }),
  ),
  { maxLength: 30 },
);

function play(amount: number, sequence: readonly Act[]) {
  let { payment, ledger } = aCapturedPayment(amount);
  const refunds: Refund[] = [];
  for (const act of sequence) {
    if ('request' in act) {
      const wanted = { id: `r${refunds.length}`, amount: Math.ceil((amount * act.request) / 100), at: noon };
      if (wanted.amount > leftToRefund(payment)) {
        expect(() => requestRefund(payment, wanted)).toThrow();
        continue;
      }
      const requested = requestRefund(payment, wanted);
      payment = requested.payment;
      refunds.push(requested.refund);
    } else {
      const refund = refunds[act.settle];
      const settled = refund && settleRefund(payment, refund, { status: act.status, reference: null }, noon);
      if (!settled) continue;
      payment = settled.payment;
      refunds[act.settle] = settled.refund;
      if (settled.ledger) ledger = [...ledger, settled.ledger];
    }
  }
  return { payment, refunds, ledger };
}

describe('whatever is refunded, in whatever order', () => {
  it('is never more than was captured, and always the sum of the refunds that did not fail', () => {
    fc.assert(
      fc.property(amounts, acts, (amount, sequence) => {
        const { payment, refunds } = play(amount, sequence);
        expect(payment.refunded).toBeLessThanOrEqual(payment.captured);
        expect(payment.refunded).toBeGreaterThanOrEqual(0);
        const alive = refunds
          .filter(({ status }) => status !== 'failed')
          .reduce((sum, refund) => sum + refund.amount, 0);
        expect(payment.refunded).toBe(alive);
      }),
    );
  });

  it('leaves books in which every transaction is balanced and is there once', () => {
    fc.assert(
      fc.property(amounts, acts, (amount, sequence) => {
        const { ledger } = play(amount, sequence);
        for (const { entries } of ledger) {
          expect(entries.reduce((sum, entry) => sum + signed(entry), 0)).toBe(0);
          expect(new Set(entries.map((entry) => entry.amount.currency)).size).toBe(1);
        }
        expect(new Set(ledger.map(({ id }) => id)).size).toBe(ledger.length);
      }),
    );
  });

  it('leaves the provider owing us what was captured less what was given back', () => {
    fc.assert(
      fc.property(amounts, acts, (amount, sequence) => {
        const { payment, refunds, ledger } = play(amount, sequence);
        const givenBack = refunds
          .filter(({ status }) => status === 'succeeded')
          .reduce((sum, refund) => sum + refund.amount, 0);
        expect(balance(ledger, 'provider:sandbox')).toBe(payment.captured - givenBack);
        expect(balance(ledger, 'sales') + balance(ledger, 'refunds')).toBe(givenBack - payment.captured);
      }),
    );
  });
});
