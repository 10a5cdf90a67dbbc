/** Rows of the database as the domain sees them, whether they come through Prisma or through a statement of our own. */
import type { Money } from '../domain/money.ts';
import type { Payment, PaymentState } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';

export interface PaymentRow {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string | null;
  readonly state: string;
  readonly currency: string;
  readonly amount: number | bigint;
  readonly captured: number | bigint;
  readonly refunded: number | bigint;
  readonly provider: string;
  readonly reference: string | null;
  readonly declineCode: string | null;
  readonly declineMessage: string | null;
  readonly createdAt: Date;
}

/** The columns of a PaymentRow, for a select list. */
export const paymentColumns = `id, order_id AS "orderId", customer_id AS "customerId", state, currency, amount, captured,
  refunded, provider, reference, decline_code AS "declineCode", decline_message AS "declineMessage", created_at AS "createdAt"`;

export const toPayment = (row: PaymentRow): Payment => ({
  id: row.id,
  orderId: row.orderId,
  customerId: row.customerId,
  state: row.state as PaymentState,
  amount: { amount: Number(row.amount), currency: row.currency as Money['currency'] },
  captured: Number(row.captured),
  refunded: Number(row.refunded),
  provider: row.provider,
  reference: row.reference,
  decline: row.declineCode === null ? null : { code: row.declineCode, message: row.declineMessage ?? '' },
  createdAt: row.createdAt,
});

interface RefundRow {
  readonly id: string;
  readonly paymentId: string;
  readonly amount: bigint;
  readonly reason: string | null;
  readonly status: string;
  readonly reference: string | null;
  readonly createdAt: Date;
}

export const toRefund = (row: RefundRow): Refund => ({
  id: row.id,
  paymentId: row.paymentId,
  amount: Number(row.amount),
  reason: row.reason,
  status: row.status as Refund['status'],
  reference: row.reference,
  createdAt: row.createdAt,
});
