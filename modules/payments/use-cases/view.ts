/** Payments as the contract shows them. */
import type { z } from 'zod';
import { mostRefunds, type Payment as PaymentView, type Refund as RefundView } from '../contract.ts';
import { type Payment, statusOf } from '../domain/payment.ts';
import type { PaymentWithRefunds } from '../domain/payments.ts';
import type { Refund } from '../domain/refund.ts';

export const refundView = (
  { amount: { currency } }: Payment,
  { id, amount, reason, status, createdAt }: Refund,
): z.output<typeof RefundView> => ({
  id,
  amount: { amount, currency },
  reason,
  status,
  createdAt: createdAt.toISOString(),
});

export const paymentView = (payment: PaymentWithRefunds): z.output<typeof PaymentView> => ({
  id: payment.id,
  orderId: payment.orderId,
  customerId: payment.customerId,
  status: statusOf(payment),
  amount: payment.amount,
  captured: payment.captured,
  refunded: payment.refunded,
  provider: payment.provider,
  decline: payment.decline,
  refunds: payment.refunds.slice(-mostRefunds).map((refund) => refundView(payment, refund)),
  createdAt: payment.createdAt.toISOString(),
});
