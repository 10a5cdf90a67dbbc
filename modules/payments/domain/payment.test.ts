import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anIntent, euros, noon } from '../testing/payments.ts';
import {
  allows,
  authorized,
  captured,
  captureOf,
  captureStarted,
  type Change,
  changed,
  declined,
  type Payment,
  statusOf,
  voided,
  voidStarted,
} from './payment.ts';

const aPayment = (fields: Partial<Payment> = {}): Payment => {
  const { id, orderId, customerId, amount, provider, at } = anIntent();
  return {
    id,
    orderId,
    customerId,
    amount,
    provider,
    state: 'authorizing',
    captured: 0,
    refunded: 0,
    reference: null,
    decline: null,
    createdAt: at,
    ...fields,
  };
};
const after = (payment: Payment, ...changes: readonly Change[]) =>
  changes.reduce((current, change) => (allows(current, change) ? changed(current, change) : current), payment);

describe('a payment', () => {
  it('is authorized and then captured, in the books and announced', () => {
    const payment = after(aPayment(), authorized('pi_1'), captureStarted);
    const change = captured(payment, noon);
    expect(changed(payment, change)).toMatchObject({ state: 'captured', captured: 5000, reference: 'pi_1' });
    expect(change.ledger).toEqual({
      id: `capture:${payment.id}`,
      paymentId: payment.id,
      at: noon,
      entries: [
        { account: 'provider:sandbox', side: 'debit', amount: euros(5000) },
        { account: 'sales', side: 'credit', amount: euros(5000) },
      ],
    });
    expect(captureOf(changed(payment, change), noon)).toEqual({
      paymentId: payment.id,
      orderId: payment.orderId,
      amount: euros(5000),
      capturedAt: noon.toISOString(),
    });
  });

  it('that is being voided cannot be captured any more, unless it was captured before', () => {
    const voiding = after(aPayment(), authorized('pi_1'), voidStarted);
    expect(allows(voiding, captureStarted)).toBe(false);
    expect(allows(voiding, captured(voiding, noon))).toBe(true);
  });

  it('cannot be authorized once it is being voided', () => {
    expect(allows(after(aPayment(), voidStarted), authorized('pi_1'))).toBe(false);
    expect(allows(after(aPayment(), voided), authorized('pi_1'))).toBe(false);
  });

  it('is never captured for more than was authorized', () => {
    expect(() => captured(aPayment(), noon, 5001)).toThrow(/authorized/);
    expect(captured(aPayment(), noon, 4999).captured).toBe(4999);
  });

  it.each([
    ['authorizing', 'processing'],
    ['authorized', 'authorized'],
    ['capturing', 'processing'],
    ['captured', 'captured'],
    ['voiding', 'processing'],
    ['voided', 'voided'],
    ['declined', 'declined'],
  ] as const)('that is %s is %s to others', (state, status) => {
    expect(statusOf({ state })).toBe(status);
  });

  const changes = fc.constantFrom<(payment: Payment) => Change>(
    () => authorized('pi_1'),
    () => declined({ code: 'payments.declined', message: 'No.' }),
    () => captureStarted,
    (payment) => captured(payment, noon),
    () => voidStarted,
    () => voided,
  );

  it('comes to one end and stays there, whatever is tried in whatever order', () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 12 }), (sequence) => {
        let payment = aPayment();
        let ended: Payment | undefined;
        for (const make of sequence) {
          const change = make(payment);
          if (ended) expect(allows(ended, change)).toBe(false);
          payment = after(payment, change);
          expect(payment.captured).toBe(payment.state === 'captured' ? payment.amount.amount : 0);
          if (['captured', 'voided', 'declined'].includes(payment.state)) ended = payment;
        }
      }),
    );
  });

  it('is captured only after it was authorized', () => {
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 12 }), (sequence) => {
        let payment = aPayment();
        let held = false;
        for (const make of sequence) {
          payment = after(payment, make(payment));
          // A void whose authorization nobody heard of may find the money taken: only the provider knows.
          held ||= payment.state === 'authorized' || payment.state === 'voiding';
          expect(held || (payment.state !== 'capturing' && payment.state !== 'captured')).toBe(true);
        }
      }),
    );
  });
});
