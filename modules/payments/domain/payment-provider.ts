/** Who moves the money. Every call names the payment or refund it is about, and repeating it has one effect. */
import { PaymentsErrors } from '../contract.ts';
import type { Money } from './money.ts';
import type { Decline, Payment } from './payment.ts';

/** How long the answer is worth waiting for; a CallContext is one. */
export interface Patience {
  readonly deadline: { readonly remaining: number };
  readonly signal: AbortSignal;
}

export interface AuthorizationRequest {
  readonly paymentId: string;
  readonly orderId: string;
  readonly customerId: string;
  readonly amount: Money;
  readonly token: string;
}

/** `voided`: the payment was voided before this authorization arrived, and nothing is held. */
export type Authorization =
  | { readonly outcome: 'authorized'; readonly reference: string }
  | { readonly outcome: 'declined'; readonly decline: Decline }
  | { readonly outcome: 'voided' };

export interface RefundRequest {
  readonly refundId: string;
  readonly payment: Payment;
  /** Minor units. */
  readonly amount: number;
}

export interface RefundAnswer {
  /** `pending`: the provider is still at it; asking again tells. */
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly reference: string | null;
}

/** An event that a provider reports on its own accord. Names that are not ours find nothing, and that is no error. */
export type Reported =
  | {
      readonly kind: 'captured';
      readonly paymentId: string;
      readonly minorUnits: number;
      readonly reference: string | null;
    }
  | { readonly kind: 'voided'; readonly paymentId: string }
  | ({
      readonly kind: 'refund';
      readonly paymentId: string;
      /** Null for a refund that was started at the provider. */
      readonly refundId: string | null;
      readonly minorUnits: number;
    } & RefundAnswer)
  | {
      readonly kind: 'dispute';
      readonly paymentId: string;
      /** `withdrawn`: the customer's bank took the money back; `reinstated`: it returned it, since we won. */
      readonly status: 'withdrawn' | 'reinstated';
      readonly minorUnits: number;
      /** The provider's name for the dispute. */
      readonly reference: string;
    };

export interface Report {
  /** The same in every delivery of this report. */
  readonly id: string;
  readonly type: string;
  /** Undefined for what does not concern us. */
  readonly reported: Reported | undefined;
}

/**
 * Where the outcome is unknown a call throws `payments.provider-unavailable`; the same call again finds it out.
 * None may be made inside a transaction.
 */
export abstract class PaymentProvider {
  /** Stored with every payment. */
  abstract readonly name: string;

  abstract authorize(request: AuthorizationRequest, patience: Patience): Promise<Authorization>;

  /** Takes the whole amount; `voided` when it is held no more. */
  abstract capture(payment: Payment, patience: Patience): Promise<'captured' | 'voided'>;

  /**
   * Gives back what is held, also when it is unknown whether anything is. It is final: an authorization of this
   * payment that arrives later holds nothing. `captured` when the money was taken before.
   */
  abstract void(payment: Payment, patience: Patience): Promise<'voided' | 'captured'>;

  abstract refund(request: RefundRequest, patience: Patience): Promise<RefundAnswer>;

  /** Checks who signed these bytes and when; throws `payments.invalid-signature`. */
  abstract readReport(body: Uint8Array, signature: string, now: Date, patience: Patience): Promise<Report>;
}

/** The providers this program is configured with. */
export abstract class PaymentProviders {
  /** Takes new payments. */
  abstract readonly active: PaymentProvider;

  abstract find(name: string): PaymentProvider | undefined;
}

/** Who holds the money of this payment. */
export function providerOf(providers: PaymentProviders, { provider }: Pick<Payment, 'provider'>): PaymentProvider {
  const found = providers.find(provider);
  if (!found)
    throw PaymentsErrors.providerUnavailable(`This payment was made with ${provider}, which is not configured now.`);
  return found;
}
