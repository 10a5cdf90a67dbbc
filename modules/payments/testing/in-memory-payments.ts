import { Database } from '#platform/database.ts';
import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import type { LedgerTransaction } from '../domain/ledger.ts';
import { allows, type Change, changed, type Payment, statesUnderWay, voidStarted } from '../domain/payment.ts';
import {
  type Intent,
  type OpenedPayment,
  type PaymentFilter,
  Payments,
  type PaymentWithRefunds,
} from '../domain/payments.ts';
import type { Refund, SettledRefund } from '../domain/refund.ts';

interface Row {
  readonly payment: Payment;
  readonly refunds: readonly Refund[];
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  readonly updatedAt: Date;
}

export class InMemoryPayments extends Payments {
  readonly #rows = new InMemoryTable<string, Row>();
  readonly #ledger = new InMemoryTable<string, LedgerTransaction>();
  readonly #released = new InMemoryTable<string, true>();
  readonly #erased = new InMemoryTable<string, true>();

  get ledger(): readonly LedgerTransaction[] {
    return [...this.#ledger.values()];
  }

  async open({
    id,
    orderId,
    customerId,
    idempotencyKey,
    fingerprint,
    amount,
    provider,
    at,
  }: Intent): Promise<OpenedPayment> {
    const known = this.#all().find((row) => row.idempotencyKey === idempotencyKey);
    const payment: Payment = known?.payment ?? {
      id,
      orderId,
      customerId: this.#erased.has(customerId) ? null : customerId,
      state: this.#released.has(orderId) ? 'voided' : 'authorizing',
      amount,
      captured: 0,
      refunded: 0,
      provider,
      reference: null,
      decline: null,
      createdAt: at,
    };
    const row = { refunds: [], idempotencyKey, fingerprint, ...known, payment, updatedAt: at };
    this.#rows.set(payment.id, row);
    return { payment, fingerprint: row.fingerprint };
  }

  async apply(paymentId: string, change: Change, at: Date): Promise<Payment | undefined> {
    const row = this.#rows.get(paymentId);
    if (!row || !allows(row.payment, change)) return undefined;
    const overtaken = change.to === 'authorized' && this.#released.has(row.payment.orderId);
    const payment = changed(row.payment, overtaken ? { ...change, to: 'voiding' } : change);
    this.#rows.set(paymentId, { ...row, payment, updatedAt: at });
    this.#book(change.ledger);
    return payment;
  }

  async find(paymentId: string): Promise<PaymentWithRefunds | undefined> {
    const row = this.#rows.get(paymentId);
    return row && withRefunds(row);
  }

  async list({ orderId, customerId, before, limit }: PaymentFilter): Promise<readonly PaymentWithRefunds[]> {
    return this.#all()
      .filter(({ payment }) => orderId === undefined || payment.orderId === orderId)
      .filter(({ payment }) => customerId === undefined || payment.customerId === customerId)
      .filter(({ payment }) => before === undefined || payment.id < before)
      .sort((a, b) => (a.payment.id < b.payment.id ? 1 : -1))
      .slice(0, limit)
      .map(withRefunds);
  }

  async release(orderId: string, at: Date): Promise<readonly Payment[]> {
    this.#released.set(orderId, true);
    const ofOrder = () => this.#all().flatMap(({ payment }) => (payment.orderId === orderId ? [payment] : []));
    await Promise.all(ofOrder().map(({ id }) => this.apply(id, voidStarted, at)));
    return ofOrder();
  }

  async abandoned(before: Date): Promise<readonly Payment[]> {
    const underWay: readonly string[] = statesUnderWay;
    return this.#all()
      .filter(({ payment, updatedAt }) => underWay.includes(payment.state) && updatedAt < before)
      .map(({ payment }) => payment);
  }

  async lock(paymentId: string): Promise<PaymentWithRefunds | undefined> {
    if (!Database.anyTransactionOpen) throw new Error('This needs a transaction around it: transaction(...).');
    return this.find(paymentId);
  }

  async addRefund({ id, refunded }: Payment, refund: Refund): Promise<void> {
    const row = this.#get(id);
    this.#rows.set(id, { ...row, payment: { ...row.payment, refunded }, refunds: [...row.refunds, refund] });
  }

  async saveRefund({ payment: { id, refunded }, refund, ledger }: SettledRefund, at: Date): Promise<void> {
    const row = this.#get(id);
    const refunds = row.refunds.map((other) => (other.id === refund.id ? refund : other));
    this.#rows.set(id, { ...row, payment: { ...row.payment, refunded }, refunds, updatedAt: at });
    this.#book(ledger);
  }

  async book(transaction: LedgerTransaction): Promise<void> {
    if (!this.#ledger.has(transaction.id)) this.#book(transaction);
  }

  async isBooked(transactionId: string): Promise<boolean> {
    return this.#ledger.has(transactionId);
  }

  async forgetCustomer(customerId: string): Promise<void> {
    this.#erased.set(customerId, true);
    for (const row of this.#all().filter(({ payment }) => payment.customerId === customerId)) {
      const refunds = row.refunds.map((refund) => ({ ...refund, reason: null }));
      this.#rows.set(row.payment.id, { ...row, payment: { ...row.payment, customerId: null }, refunds });
    }
  }

  #all = () => [...this.#rows.values()];

  #get(paymentId: string): Row {
    const row = this.#rows.get(paymentId);
    if (!row) throw new Error(`There is no payment ${paymentId}.`);
    return row;
  }

  #book(transaction: LedgerTransaction | undefined): void {
    if (!transaction) return;
    if (this.#ledger.has(transaction.id)) throw new Error(`${transaction.id} is in the ledger already.`);
    this.#ledger.set(transaction.id, transaction);
  }
}

const withRefunds = ({ payment, refunds }: Row): PaymentWithRefunds => ({ ...payment, refunds });
