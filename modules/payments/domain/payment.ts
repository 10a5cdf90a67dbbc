/**
 * A payment: money that a provider holds for an order, and then takes. The provider's answer is the truth; the
 * state here says what is known of it. `authorizing`, `capturing` and `voiding` mean that the provider was asked,
 * or is about to be, and what it did is not known yet: asking it again with the same payment finds out.
 */
import type { z } from 'zod';
import type { PayloadOf } from '#platform/contract.ts';
import { type Payment as PaymentView, PaymentsErrors, type paymentCaptured, type PaymentStatus } from '../contract.ts';
import { captureInLedger, type LedgerTransaction } from './ledger.ts';

export const paymentStates = [
  'authorizing',
  'authorized',
  'capturing',
  'captured',
  'voiding',
  'voided',
  'declined',
] as const;
export type PaymentState = (typeof paymentStates)[number];

/** Why a provider said no: the code of one of our errors, and a message for the customer. */
export type Decline = NonNullable<Payment['decline']>;

/** A payment as others see it, with what only this module knows of it. */
export interface Payment extends Readonly<Omit<z.output<typeof PaymentView>, 'status' | 'refunds' | 'createdAt'>> {
  readonly state: PaymentState;
  /** The provider's name for it; null until the provider has answered. */
  readonly reference: string | null;
  readonly createdAt: Date;
}

/**
 * The transitions of a payment: from which states, and to which. A capture or a void that is under way may be
 * started again, to find out its outcome. Giving back comes before taking: a payment that is being voided is
 * captured only if the provider had taken the money by then, and is refunded.
 */
const transitions = {
  authorize: { from: ['authorizing'], to: 'authorized' },
  decline: { from: ['authorizing'], to: 'declined' },
  startCapture: { from: ['authorized', 'capturing'], to: 'capturing' },
  capture: { from: ['authorized', 'capturing', 'voiding'], to: 'captured' },
  startVoid: { from: ['authorizing', 'authorized', 'capturing', 'voiding'], to: 'voiding' },
  void: { from: ['authorizing', 'authorized', 'capturing', 'voiding'], to: 'voided' },
} as const satisfies Record<string, { from: readonly PaymentState[]; to: PaymentState }>;

/** Something that happens to a payment, provided that its state allows it at the moment it is stored. */
export interface Change {
  readonly from: readonly PaymentState[];
  readonly to: PaymentState;
  readonly reference?: string;
  readonly decline?: Decline;
  readonly captured?: number;
  /** Written together with the change. */
  readonly ledger?: LedgerTransaction;
}

export const authorized = (reference: string): Change => ({ ...transitions.authorize, reference });
export const declined = (decline: Decline): Change => ({ ...transitions.decline, decline });
export const captureStarted: Change = transitions.startCapture;
export const voidStarted: Change = transitions.startVoid;
export const voided: Change = transitions.void;

/** The provider took `minorUnits`, all that was held if nothing else is said. `reference` is its name for the payment, where it says it. */
export function captured(
  payment: Payment,
  at: Date,
  minorUnits = payment.amount.amount,
  reference: string | null = null,
): Change {
  if (minorUnits > payment.amount.amount)
    throw PaymentsErrors.illegalTransition('More than was authorized cannot be captured.');
  const amount = { amount: minorUnits, currency: payment.amount.currency };
  return {
    ...transitions.capture,
    ...(reference !== null && { reference }),
    captured: minorUnits,
    ledger: captureInLedger({ paymentId: payment.id, provider: payment.provider, amount, at }),
  };
}

/** The payload that announces a captured payment. */
export const captureOf = (
  { id, orderId, amount: { currency }, captured }: Payment,
  at: Date,
): PayloadOf<typeof paymentCaptured> => ({
  paymentId: id,
  orderId,
  amount: { amount: captured, currency },
  capturedAt: at.toISOString(),
});

export const allows = (payment: Payment, change: Change): boolean => change.from.includes(payment.state);

/** The payment after the change. */
export const changed = (payment: Payment, { to, reference, decline, captured }: Change): Payment => ({
  ...payment,
  state: to,
  reference: reference ?? payment.reference,
  decline: decline ?? payment.decline,
  captured: captured ?? payment.captured,
});

export const mayBecomeCaptured = ({ state }: Payment): boolean => !['captured', 'voided', 'declined'].includes(state);

/** Something was asked of the provider, or is about to be, and its outcome is not known here. */
export const statesUnderWay = ['authorizing', 'capturing', 'voiding'] as const satisfies readonly PaymentState[];

/** The status that others see: they need not know what exactly is under way. */
export const statusOf = ({ state }: Pick<Payment, 'state'>): z.output<typeof PaymentStatus> =>
  state === 'authorizing' || state === 'capturing' || state === 'voiding' ? 'processing' : state;
