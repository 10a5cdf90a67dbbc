/** The meaning of Stripe's errors for us. They are told apart by their fields, so that nothing of the package is loaded for it. */
import type { Stripe } from 'stripe';
import { Failure } from '#platform/errors.ts';
import { PaymentsErrors } from '../contract.ts';
import type { Decline } from '../domain/payment.ts';

type StripeError = Stripe.errors.StripeError;

const isStripeError = (error: unknown): error is StripeError =>
  error instanceof Error && 'rawType' in error && 'type' in error;

/** The intent as it was when Stripe refused to change it. */
export const intentOf = (error: unknown): Stripe.PaymentIntent | undefined =>
  isStripeError(error) ? error.payment_intent : undefined;

/** Stripe has decided, and asking the same again changes nothing. */
export const isRefused = (error: unknown): error is StripeError =>
  isStripeError(error) && (error.type === 'StripeCardError' || error.type === 'StripeInvalidRequestError');

export function declineOf(error: StripeError): Decline {
  if (error.type === 'StripeCardError') {
    const { code } =
      error.decline_code === 'insufficient_funds' ? PaymentsErrors.insufficientFunds : PaymentsErrors.declined;
    // Written by Stripe for the one whose card it is.
    return { code, message: error.message };
  }
  // These say how much it takes, and nothing of anybody.
  if (error.code === 'amount_too_small') return { code: PaymentsErrors.amountTooSmall.code, message: error.message };
  if (error.code === 'amount_too_large') return { code: PaymentsErrors.amountTooLarge.code, message: error.message };
  const { code, summary } = error.param?.startsWith('payment_method')
    ? PaymentsErrors.invalidToken
    : PaymentsErrors.declined;
  return { code, message: summary };
}

/** Keeps of the error what says what went wrong, and nothing of whom it is about. */
export function outcomeUnknown(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!isStripeError(error)) return PaymentsErrors.providerUnavailable({ cause: error });
  const { type, code, statusCode, requestId, message } = error;
  const cause = new Error(`${type} ${code ?? ''} ${statusCode ?? ''} ${requestId ?? ''}: ${message}`);
  return PaymentsErrors.providerUnavailable({ cause });
}
