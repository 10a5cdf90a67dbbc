import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { paymentCaptured, paymentRefunded } from '../contract.ts';
import type { LedgerTransaction } from '../domain/ledger.ts';
import { allows, type Change, changed, type Payment, statesUnderWay, voidStarted } from '../domain/payment.ts';
import { type Intent, type OpenedPayment, type PaymentFilter, Payments, type PaymentWithRefunds } from '../domain/payments.ts';
import type { Refund, SettledRefund } from '../domain/refund.ts';

interface Stored {
  payment: Payment;
  readonly refunds: Refund[];
  readonly idempotencyKey: string;
  readonly fingerprint: string;
  updatedAt: Date;
}

export class InMemoryPayments extends Payments {
  readonly outbox = new InMemoryOutbox();
  readonly ledger: LedgerTransaction[] = [];
  readonly #stored: Stored[] = [];
  readonly #released = new Set<string>();
  readonly #erased = new Set<string>();
  #lastLock: Promise<unknown> = Promise.resolve();

  async open({ id, orderId, customerId, idempotencyKey, fingerprint, amount, provider, at }: Intent): Promise<OpenedPayment> {
    let stored = this.#stored.find((other) => other.idempotencyKey === idempotencyKey);
    if (!stored) {
      const payment: Payment = {
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
      stored = { payment, refunds: [], idempotencyKey, fingerprint, updatedAt: at };
      this.#stored.push(stored);
    }
    stored.updatedAt = at;
    return { payment: stored.payment, fingerprint: stored.fingerprint };
  }

  async apply(paymentId: string, change: Change, at: Date): Promise<Payment | undefined> {
    const stored = this.#stored.find(({ payment }) => payment.id === paymentId);
    if (!stored || !allows(stored.payment, change)) return undefined;
    const overtaken = change.to === 'authorized' && this.#released.has(stored.payment.orderId);
    stored.payment = changed(stored.payment, overtaken ? { ...change, to: 'voiding' } : change);
    stored.updatedAt = at;
    this.#book(change.ledger);
    if (change.announces) this.outbox.add(paymentCaptured, change.announces);
    return stored.payment;
  }

  async find(paymentId: string): Promise<PaymentWithRefunds | undefined> {
    return this.#findNow(paymentId);
  }

  async list({ orderId, customerId, before, limit }: PaymentFilter): Promise<readonly PaymentWithRefunds[]> {
    return this.#stored
      .filter(({ payment }) => orderId === undefined || payment.orderId === orderId)
      .filter(({ payment }) => customerId === undefined || payment.customerId === customerId)
      .filter(({ payment }) => before === undefined || payment.id < before)
      .sort((a, b) => (a.payment.id < b.payment.id ? 1 : -1))
      .slice(0, limit)
      .map(withRefunds);
  }

  async release(orderId: string, at: Date): Promise<readonly Payment[]> {
    this.#released.add(orderId);
    const ofOrder = this.#stored.filter(({ payment }) => payment.orderId === orderId);
    await Promise.all(ofOrder.map(({ payment }) => this.apply(payment.id, voidStarted, at)));
    return ofOrder.map(({ payment }) => payment);
  }

  async abandoned(before: Date): Promise<readonly Payment[]> {
    const underWay: readonly string[] = statesUnderWay;
    return this.#stored
      .filter(({ payment, updatedAt }) => underWay.includes(payment.state) && updatedAt < before)
      .map(({ payment }) => payment);
  }

  locked<T>(paymentId: string, work: (payment: PaymentWithRefunds | undefined) => Promise<T>): Promise<T> {
    const turn = this.#lastLock.then(() => work(this.#findNow(paymentId)));
    this.#lastLock = turn.catch(() => {});
    return turn;
  }

  async addRefund({ id, refunded }: Payment, refund: Refund): Promise<void> {
    const stored = this.#get(id);
    stored.payment = { ...stored.payment, refunded };
    stored.refunds.push(refund);
  }

  async saveRefund({ payment, refund, ledger, announces }: SettledRefund, at: Date): Promise<void> {
    const stored = this.#get(payment.id);
    stored.payment = { ...stored.payment, refunded: payment.refunded };
    stored.refunds.splice(stored.refunds.findIndex(({ id }) => id === refund.id), 1, refund);
    stored.updatedAt = at;
    this.#book(ledger);
    if (announces) this.outbox.add(paymentRefunded, announces);
  }

  async book(transaction: LedgerTransaction): Promise<void> {
    if (!(await this.isBooked(transaction.id))) this.#book(transaction);
  }

  async isBooked(transactionId: string): Promise<boolean> {
    return this.ledger.some(({ id }) => id === transactionId);
  }

  async forgetCustomer(customerId: string): Promise<void> {
    this.#erased.add(customerId);
    for (const stored of this.#stored.filter(({ payment }) => payment.customerId === customerId)) {
      stored.payment = { ...stored.payment, customerId: null };
      for (const [index, refund] of stored.refunds.entries()) stored.refunds[index] = { ...refund, reason: null };
    }
  }

  #findNow(paymentId: string): PaymentWithRefunds | undefined {
    const stored = this.#stored.find(({ payment }) => payment.id === paymentId);
    return stored && withRefunds(stored);
  }

  #get(paymentId: string): Stored {
    const stored = this.#stored.find(({ payment }) => payment.id === paymentId);
    if (!stored) throw new Error(`There is no payment ${paymentId}.`);
    return stored;
  }

  #book(transaction: LedgerTransaction | undefined): void {
    if (!transaction) return;
    if (this.ledger.some(({ id }) => id === transaction.id)) throw new Error(`${transaction.id} is in the ledger already.`);
    this.ledger.push(transaction);
  }
}

const withRefunds = ({ payment, refunds }: Stored): PaymentWithRefunds => ({ ...payment, refunds: [...refunds] });
