/** Limits on one person's work under way, so that nobody takes up the stock, the checkout or the payment provider alone. */
import { OrdersErrors } from '../contract.ts';

export interface CheckoutLimits {
  /** Orders that are not paid yet, at once. */
  readonly pending: number;
  /** Refused payments within an hour of the first. */
  readonly declines: number;
}

/** The record of a person who wants to order. */
export interface CheckoutRecord {
  readonly pending: number;
  readonly declines: number;
  /** When the declines are forgotten. */
  readonly declinesUntil: Date | null;
}

/** Milliseconds that declines are remembered, from the first of them on. */
export const declinesCountFor = 60 * 60 * 1000;

/** Seconds; a pending order ends when its provider answers. */
const pendingRetry = 10;

/** Throws where a person has to wait before another order. */
export function requireRoom({ pending, declines, declinesUntil }: CheckoutRecord, limits: CheckoutLimits, now: Date): void {
  if (pending >= limits.pending) throw OrdersErrors.tooManyPending({ retryAfter: pendingRetry });
  if (declinesUntil !== null && declinesUntil > now && declines >= limits.declines) {
    throw OrdersErrors.tooManyDeclines({ retryAfter: Math.ceil((declinesUntil.getTime() - now.getTime()) / 1000) });
  }
}
