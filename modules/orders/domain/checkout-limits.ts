/** Limits on one person's work under way, so that nobody takes up the stock, the checkout or the payment provider alone. */
import { OrdersErrors } from '../contract.ts';

export abstract class CheckoutLimits {
  /** Orders that are not paid yet, at once. */
  abstract readonly pending: number;
  /** Refused payments within an hour of the first. */
  abstract readonly declines: number;
}

/** The refused payments of a person. */
export interface Declines {
  readonly count: number;
  /** When they are forgotten. */
  readonly until: Date;
}

/** Milliseconds that declines are remembered, from the first of them on. */
const declinesCountFor = 60 * 60 * 1000;

/** Seconds; a pending order ends when its provider answers. */
const pendingRetry = 10;

const areRemembered = (declines: Declines | undefined, now: Date): declines is Declines =>
  declines !== undefined && declines.until > now;

/** The declines with the one of this moment. */
export const withOneMore = (declines: Declines | undefined, now: Date): Declines =>
  areRemembered(declines, now)
    ? { count: declines.count + 1, until: declines.until }
    : { count: 1, until: new Date(now.getTime() + declinesCountFor) };

/** Throws where a person has to wait before another order. */
export function requireRoom(pending: number, declines: Declines | undefined, limits: CheckoutLimits, now: Date): void {
  if (pending >= limits.pending) throw OrdersErrors.tooManyPending({ retryAfter: pendingRetry });
  if (areRemembered(declines, now) && declines.count >= limits.declines) {
    throw OrdersErrors.tooManyDeclines({ retryAfter: Math.ceil((declines.until.getTime() - now.getTime()) / 1000) });
  }
}
