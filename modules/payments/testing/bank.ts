/**
 * A payment provider with a memory, to hold our books against: it knows what it holds, took and gave back, whatever
 * we were told of it. Like a real one it can fail after it has acted, and be slow to answer.
 */
import { Database } from '#platform/database.ts';
import { PaymentsErrors } from '../contract.ts';
import type {
  AuthorizationRequest,
  Authorization,
  PaymentProvider,
  PaymentProviders,
  RefundAnswer,
  RefundRequest,
  Report,
} from '../domain/payment-provider.ts';
import type { Payment } from '../domain/payment.ts';

interface Hold {
  state: 'held' | 'taken' | 'void';
  amount: number;
}

export class Bank implements PaymentProvider {
  readonly name = 'sandbox';
  readonly holds = new Map<string, Hold>();
  readonly refunds = new Map<string, number>();
  /** Called before and after the bank acts; may wait, or throw what we then get to see. */
  #disturb: (when: 'before' | 'after', act: string) => Promise<void> = async () => {};

  /** Fails or delays the calls to come, for as long as `disturb` does. */
  disturbedBy(disturb: (when: 'before' | 'after', act: string) => Promise<void>): this {
    this.#disturb = disturb;
    return this;
  }

  authorize({ paymentId, amount }: AuthorizationRequest): Promise<Authorization> {
    return this.#act('authorize', () => {
      const hold = this.#holdOf(paymentId, () => ({ state: 'held', amount: amount.amount }));
      return hold.state === 'void' ? { outcome: 'voided' } : { outcome: 'authorized', reference: `bank_${paymentId}` };
    });
  }

  capture({ id }: Payment): Promise<'captured' | 'voided'> {
    return this.#act('capture', () => {
      const hold = this.#holdOf(id, () => ({ state: 'void', amount: 0 }));
      if (hold.state === 'held') hold.state = 'taken';
      return hold.state === 'taken' ? 'captured' : 'voided';
    });
  }

  void({ id }: Payment): Promise<'captured' | 'voided'> {
    return this.#act('void', () => {
      const hold = this.#holdOf(id, () => ({ state: 'void', amount: 0 }));
      if (hold.state === 'held') hold.state = 'void';
      return hold.state === 'taken' ? 'captured' : 'voided';
    });
  }

  refund({ refundId, amount }: RefundRequest): Promise<RefundAnswer> {
    return this.#act('refund', () => {
      this.refunds.set(refundId, amount);
      return { status: 'succeeded', reference: `bank_${refundId}` };
    });
  }

  readReport(): Promise<Report> {
    throw PaymentsErrors.invalidSignature();
  }

  get held(): number {
    return this.#sum('held');
  }

  /** Taken and not given back. */
  get kept(): number {
    return this.#sum('taken') - [...this.refunds.values()].reduce((sum, amount) => sum + amount, 0);
  }

  get asProviders(): PaymentProviders {
    return { active: this, find: (name) => (name === this.name ? this : undefined) };
  }

  async #act<T>(act: string, work: () => T): Promise<T> {
    if (Database.anyTransactionOpen)
      throw new Error(`The provider is asked to ${act} inside a transaction, which would wait for it.`);
    await this.#disturb('before', act);
    const answer = work();
    await this.#disturb('after', act);
    return answer;
  }

  #holdOf(paymentId: string, first: () => Hold): Hold {
    const hold = this.holds.get(paymentId) ?? first();
    this.holds.set(paymentId, hold);
    return hold;
  }

  #sum(state: Hold['state']): number {
    return [...this.holds.values()].filter((hold) => hold.state === state).reduce((sum, { amount }) => sum + amount, 0);
  }
}
