/**
 * All that other modules may know of payments. Nothing else in this folder can be imported from outside it.
 * Within a version an optional field may be added; any other change is a new version beside the old.
 */
import { z } from 'zod';
import { api, command, errors, event, query } from '#platform/contract.ts';

export const Currency = z.enum(['EUR', 'USD', 'GBP', 'CHF']);
export const Money = z
  .object({
    amount: z.int().nonnegative().max(1_000_000_000_000).describe('in minor units: 1999 is EUR 19.99'),
    currency: Currency,
  })
  .meta({ id: 'Money' });

/** Parts of one payment. */
export const mostRefunds = 100;

export const PaymentStatus = z
  .enum(['processing', 'authorized', 'captured', 'declined', 'voided'])
  .describe('processing: a request to the provider is under way, or its outcome is unknown');
export const Refund = z
  .object({
    id: z.uuid(),
    amount: Money,
    reason: z.string().nullable(),
    status: z.enum(['pending', 'succeeded', 'failed']),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Refund' });
export const Payment = z
  .object({
    id: z.uuid(),
    orderId: z.uuid(),
    customerId: z.uuid().nullable().describe('null once the person was erased'),
    status: PaymentStatus,
    amount: Money.describe('the requested amount'),
    captured: z.int().nonnegative().describe('minor units'),
    refunded: z.int().nonnegative().describe('minor units, pending refunds included'),
    provider: z.string(),
    decline: z.object({ code: z.string(), message: z.string() }).nullable(),
    refunds: z.array(Refund).max(mostRefunds).describe('the latest 100'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Payment' });

export const PaymentsErrors = errors('payments', {
  paymentNotFound: ['not-found', 'There is no such payment.'],
  declined: ['conflict', 'The payment was declined.'],
  insufficientFunds: ['conflict', 'There is not enough money in the account behind this payment method.'],
  invalidToken: ['invalid', 'The payment provider does not know this payment token.'],
  amountTooSmall: ['invalid', 'The amount is too small for the payment provider.'],
  amountTooLarge: ['invalid', 'The amount is too large for the payment provider.'],
  illegalTransition: ['conflict', 'The payment is not in a state that allows this.'],
  refundTooLarge: ['conflict', 'More than was captured cannot be refunded.'],
  tooManyRefunds: [
    'conflict',
    `A payment is refunded in ${mostRefunds} parts at most. The rest goes back when its order is cancelled.`,
  ],
  keyReused: ['conflict', 'This key was used for another payment.'],
  orderReleased: ['conflict', 'The money for this order was given back, and no more is taken.'],
  providerUnavailable: ['unavailable', 'The payment provider does not answer. Try again.'],
  unknownProvider: ['not-found', 'There is no such payment provider.'],
  invalidSignature: ['invalid', 'The signature of this webhook is not valid.'],
});

/** Repeating a command with the same key has one effect and gives the same answer. */
const idempotencyKey = z.string().min(1).max(255);

export const PaymentsApi = api('payments', {
  authorize: command(1, {
    summary: 'Authorizes the amount at the provider. A decline is an error, and final for this key.',
    // A checkout goes on when the customer's token has expired.
    actsFor: null,
    input: z.object({
      idempotencyKey,
      orderId: z.uuid(),
      customerId: z.uuid(),
      amount: Money,
      paymentToken: z.string().min(1).max(200),
    }),
    output: z.object({ paymentId: z.uuid() }),
    errors: [
      PaymentsErrors.declined,
      PaymentsErrors.insufficientFunds,
      PaymentsErrors.invalidToken,
      PaymentsErrors.amountTooSmall,
      PaymentsErrors.amountTooLarge,
      PaymentsErrors.keyReused,
      PaymentsErrors.orderReleased,
      PaymentsErrors.providerUnavailable,
    ],
  }),
  capture: command(1, {
    summary: 'Captures the whole authorized amount. Repeating it is harmless.',
    input: z.object({ paymentId: z.uuid() }),
    output: z.object({}),
    errors: [PaymentsErrors.paymentNotFound, PaymentsErrors.illegalTransition, PaymentsErrors.providerUnavailable],
  }),
  release: command(1, {
    summary:
      'Gives back all that is held for an order, starts to refund what was taken, and lets nothing be taken for it any more. Repeating it is harmless.',
    input: z.object({ orderId: z.uuid() }),
    output: z.object({}),
    errors: [PaymentsErrors.providerUnavailable],
  }),
  refund: command(1, {
    summary: 'Refunds a part, or all that is left. The money moves after the answer; see the status of the refund.',
    input: z.object({
      paymentId: z.uuid(),
      amount: z.int().positive().optional().describe('minor units; absent: all that is left'),
      reason: z.string().trim().max(500).optional(),
    }),
    output: Refund,
    errors: [
      PaymentsErrors.paymentNotFound,
      PaymentsErrors.illegalTransition,
      PaymentsErrors.refundTooLarge,
      PaymentsErrors.tooManyRefunds,
    ],
  }),
  awaitRefund: query(1, {
    summary: 'The refund when it has ended, or as it is after `timeout`.',
    input: z.object({
      paymentId: z.uuid(),
      refundId: z.uuid(),
      timeout: z.int().min(0).max(30_000).describe('milliseconds'),
    }),
    output: Refund,
    errors: [PaymentsErrors.paymentNotFound],
  }),
  getPayment: query(1, {
    input: z.object({
      paymentId: z.uuid(),
      customerId: z.uuid().optional().describe('the customer it must belong to; absent: any'),
    }),
    output: Payment,
    errors: [PaymentsErrors.paymentNotFound],
  }),
  listPayments: query(1, {
    input: z.object({
      orderId: z.uuid().optional(),
      customerId: z.uuid().optional(),
      cursor: z.uuid().optional().describe('the last payment of the page before'),
      limit: z.int().min(1).max(100).default(20),
    }),
    output: z.object({ data: z.array(Payment), nextCursor: z.string().nullable().describe('null on the last page') }),
    errors: [],
  }),
  receiveWebhook: command(1, {
    summary: 'Takes the report of a provider, and acts on it once.',
    input: z.object({
      provider: z.string().max(50),
      signature: z.string().max(1000),
      body: z.string().max(1_000_000),
      encoding: z
        .enum(['utf8', 'base64'])
        .default('utf8')
        .describe('the encoding of the signed bytes in `body`; base64 can hold any'),
    }),
    output: z.object({}),
    errors: [PaymentsErrors.unknownProvider, PaymentsErrors.invalidSignature],
  }),
  exportPersonalData: query(1, {
    summary:
      'By pages, the newest first. Without a limit, as version 0.1.0 asks, all at once, or `unavailable` where that is too much.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid(), cursor: z.uuid().optional(), limit: z.int().min(1).max(100).optional() }),
    output: z.object({
      payments: z.array(Payment),
      nextCursor: z
        .string()
        .nullable()
        .optional()
        .describe('null on the last page; version 0.1.0 returns everything and no cursor'),
    }),
    errors: [],
  }),
});

const about = { paymentId: z.uuid(), orderId: z.uuid() };

export const paymentCaptured = event('payments.payment-captured', 1, {
  summary: 'When the money for an order is ours.',
  key: 'paymentId',
  payload: z.object({ ...about, amount: Money, capturedAt: z.iso.datetime() }),
});

export const paymentRefunded = event('payments.payment-refunded', 1, {
  summary: 'When money went back to the customer.',
  key: 'paymentId',
  payload: z.object({ ...about, refundId: z.uuid(), amount: Money, refundedAt: z.iso.datetime() }),
});
