/** Where payments are kept, with their refunds, the ledger and what has to be remembered of orders and customers. */
import type { LedgerTransaction } from './ledger.ts';
import type { Money } from './money.ts';
import type { Change, Payment } from './payment.ts';
import type { Refund, SettledRefund } from './refund.ts';

export interface Intent {
  readonly id: string;
  readonly idempotencyKey: string;
  /** The fingerprint of everything requested under the key. */
  readonly fingerprint: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly amount: Money;
  readonly provider: string;
  readonly at: Date;
}

export interface OpenedPayment {
  readonly payment: Payment;
  /** The fingerprint of the first request under this key. */
  readonly fingerprint: string;
}

export type PaymentWithRefunds = Payment & { readonly refunds: readonly Refund[] };

export interface PaymentFilter {
  readonly orderId?: string | undefined;
  readonly customerId?: string | undefined;
  /** Only payments older than the one with this id. */
  readonly before?: string | undefined;
  readonly limit?: number | undefined;
}

export abstract class Payments {
  /**
   * Stores what is about to be asked of the provider, or finds what an earlier request with the same key has
   * stored. For an order that was released the payment is voided from the start.
   */
  abstract open(intent: Intent): Promise<OpenedPayment>;

  /**
   * Applies a change if the payment's state allows it, together with its ledger transaction.
   * Undefined if it does not, or there is no such payment. An authorization that comes after its order was
   * released leaves the payment `voiding`.
   */
  abstract apply(paymentId: string, change: Change, at: Date): Promise<Payment | undefined>;

  abstract find(paymentId: string): Promise<PaymentWithRefunds | undefined>;

  /** Newest first. */
  abstract list(filter: PaymentFilter): Promise<readonly PaymentWithRefunds[]>;

  /**
   * Remembers for good that nothing may be taken for this order any more, marks what is held or under way as
   * `voiding`, and returns all payments of the order.
   */
  abstract release(orderId: string, at: Date): Promise<readonly Payment[]>;

  /** Where something is under way at the provider that nobody asked about since `before`. */
  abstract abandoned(before: Date): Promise<readonly Payment[]>;

  /** A payment that nothing else changes before the transaction around this ends. Throws outside a transaction. */
  abstract lock(paymentId: string): Promise<PaymentWithRefunds | undefined>;

  /** Once the payment is locked. */
  abstract addRefund(payment: Payment, refund: Refund): Promise<void>;

  /** Once the payment is locked: the refund and its payment, with the ledger transaction. */
  abstract saveRefund(settled: SettledRefund, at: Date): Promise<void>;

  /** Once the payment is locked: enters what concerns neither a capture nor a refund, once. */
  abstract book(transaction: LedgerTransaction): Promise<void>;

  abstract isBooked(transactionId: string): Promise<boolean>;

  /** Erases who paid; now, and in what may still arrive for this person. */
  abstract forgetCustomer(customerId: string, at: Date): Promise<void>;
}
