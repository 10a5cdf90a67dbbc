import { v7 as uuid } from 'uuid';
import { PaymentsErrors } from '../../payments/contract.ts';
import type { Till } from '../sagas/checkout.ts';

/** Payments in memory: the money that it holds and has taken for each order, and everything it was asked for. */
export class InMemoryTill implements Till {
  readonly held = new Map<string, number>();
  readonly taken = new Map<string, number>();
  readonly keys: string[] = [];
  readonly #orders = new Map<string, string>();
  readonly #failures: Error[];

  /** Authorizing fails so often, in that way, before it works. */
  constructor(...failures: Error[]) {
    this.#failures = failures;
  }

  authorize: Till['authorize'] = async ({ idempotencyKey, orderId, amount, paymentToken }) => {
    this.keys.push(idempotencyKey);
    const failure = this.#failures.shift();
    if (failure) throw failure;
    if (paymentToken === 'tok_declined') throw PaymentsErrors.declined();
    if (paymentToken === 'tok_timeout') throw PaymentsErrors.providerUnavailable();
    const paymentId = uuid();
    this.#orders.set(paymentId, orderId);
    this.held.set(orderId, amount.amount);
    return { paymentId };
  };

  capture: Till['capture'] = async ({ paymentId }) => {
    const orderId = this.#orders.get(paymentId)!;
    this.taken.set(orderId, this.held.get(orderId) ?? 0);
    this.held.delete(orderId);
    return {};
  };

  release: Till['release'] = async ({ orderId }) => {
    this.held.delete(orderId);
    this.taken.delete(orderId);
    return {};
  };

  /** Held or taken for an order. */
  moneyOf(orderId: string): number {
    return (this.held.get(orderId) ?? 0) + (this.taken.get(orderId) ?? 0);
  }
}
