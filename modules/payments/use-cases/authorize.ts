import { createHash } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import { type Authorization, type PaymentProviders, providerOf } from '../domain/payment-provider.ts';
import { authorized, type Change, declined, type Payment, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { givingBack } from './give-back.ts';

/**
 * Saved, asked, settled: the provider is called between two statements, never inside a transaction. A crash in
 * between leaves a payment that the next request with the same key brings to its end.
 */
export function authorize(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  sagas: Sagas,
  clock: Clock,
): Handler<typeof PaymentsApi, 'authorize'> {
  const giveBack = givingBack(transaction, payments, outbox, providers, sagas, clock);

  return async ({ idempotencyKey, orderId, customerId, amount, paymentToken }, context) => {
    // Some providers would hold nothing, others would refuse.
    if (amount.amount === 0) throw PaymentsErrors.amountTooSmall('There is nothing to pay.');
    const fingerprint = digestOf([orderId, customerId, amount.amount, amount.currency, paymentToken]);
    const intent = {
      id: uuid(),
      idempotencyKey,
      fingerprint,
      orderId,
      customerId,
      amount,
      provider: providers.active.name,
      at: clock.now(),
    };
    const opened = await payments.open(intent);
    if (opened.fingerprint !== fingerprint) throw PaymentsErrors.keyReused();
    const { payment } = opened;
    // The request before this one was to give it back, and did not hear of it from the provider.
    if (payment.state === 'voiding') await giveBack(payment, context);
    if (payment.state !== 'authorizing') return answerTo(payment);

    const request = { paymentId: payment.id, orderId, customerId, amount, token: paymentToken };
    const answer = await providerOf(providers, payment).authorize(request, context);
    const settled = await payments.apply(payment.id, changeBy(answer), clock.now());
    // The order was released while the provider was asked, and that release may not have seen this payment.
    if (settled?.state === 'voiding') await giveBack(settled, context);
    return answerTo(settled ?? (await payments.find(payment.id)) ?? payment);
  };
}

const digestOf = (fields: readonly (string | number)[]) =>
  createHash('sha256').update(JSON.stringify(fields)).digest('base64url');

function changeBy(answer: Authorization): Change {
  if (answer.outcome === 'authorized') return authorized(answer.reference);
  return answer.outcome === 'declined' ? declined(answer.decline) : voided;
}

function answerTo({ id, state, decline }: Payment): { paymentId: string } {
  if (state === 'declined') throw failureOf(decline?.code)(decline?.message);
  if (state === 'voiding' || state === 'voided') throw PaymentsErrors.orderReleased();
  return { paymentId: id };
}

const { insufficientFunds, invalidToken, amountTooSmall, amountTooLarge } = PaymentsErrors;

const failureOf = (code: string | undefined) =>
  [insufficientFunds, invalidToken, amountTooSmall, amountTooLarge].find((error) => error.code === code) ??
  PaymentsErrors.declined;
