/**
 * Stripe, by PaymentIntents that are captured by hand. A payment token is the id of a PaymentMethod.
 *
 * Authorizing is two calls: creating the intent, which holds nothing and which its key makes repeatable without the
 * token, and confirming it. So a void can always name the intent, even when nobody knows whether the authorization
 * ever arrived; and once an intent is cancelled, Stripe refuses to confirm it.
 */
import type { Stripe } from 'stripe';
import { z } from 'zod';
import { parseOrFail } from '#platform/validation.ts';
import type { Patience, PaymentProvider } from '../domain/payment-provider.ts';
import type { Money } from '../domain/money.ts';
import type { Payment } from '../domain/payment.ts';
import { readSigned } from './signature.ts';
import { declineOf, intentOf, isRefused, outcomeUnknown } from './stripe-errors.ts';
import { readStripeEvent } from './stripe-events.ts';
import { refundStatus } from './stripe-refunds.ts';

interface StripeOptions {
  readonly apiKey: string;
  readonly apiBase: string;
  readonly webhookSecret: string | undefined;
  /** Milliseconds for one answer. */
  readonly timeout: number;
}

/** Signed by Stripe, so its object is what the type says. */
const StripeEvent = z.looseObject({
  id: z.string(),
  type: z.string(),
  data: z.looseObject({ object: z.looseObject({}) }),
});

/** Tells a whole capture from a partial one made in Stripe's dashboard, whose amount only the report has. */
const isWhole = ({ status, amount_received }: Stripe.PaymentIntent, { amount }: Payment) =>
  status === 'succeeded' && amount_received === amount.amount;

export function stripeProvider({ apiKey, apiBase, webhookSecret, timeout }: StripeOptions): PaymentProvider {
  let client: Promise<Stripe> | undefined;
  /** Loaded on first use: it would take a good part of the time the program needs to start. */
  const stripe = () => (client ??= connect());

  async function connect(): Promise<Stripe> {
    const { Stripe: Client } = await import('stripe');
    const { hostname, port, protocol } = new URL(apiBase);
    return new Client(apiKey, {
      host: hostname,
      ...(port && { port }),
      protocol: protocol === 'http:' ? 'http' : 'https',
      telemetry: false,
      // Our caller retries, with the same keys.
      maxNetworkRetries: 0,
    });
  }

  const within = ({ deadline }: Patience): Stripe.RequestOptions => ({
    timeout: Math.max(1, Math.min(timeout, deadline.remaining)),
  });
  const once = (id: string, act: string, patience: Patience): Stripe.RequestOptions => ({
    ...within(patience),
    idempotencyKey: `${id}:${act}`,
  });

  const create = async (payment: { id: string; orderId: string; amount: Money }, patience: Patience) =>
    (await stripe()).paymentIntents.create(
      {
        amount: payment.amount.amount,
        currency: payment.amount.currency.toLowerCase(),
        capture_method: 'manual',
        allowed_payment_method_types: ['card'],
        metadata: { payment_id: payment.id, order_id: payment.orderId },
      },
      once(payment.id, 'create', patience),
    );

  const referenceOf = async (payment: Payment, patience: Patience) =>
    payment.reference ?? (await create(payment, patience)).id;

  return {
    name: 'stripe',

    async authorize({ paymentId, orderId, amount, token }, patience) {
      try {
        const { id } = await create({ id: paymentId, orderId, amount }, patience);
        const { status } = await (
          await stripe()
        ).paymentIntents.confirm(
          id,
          { payment_method: token, error_on_requires_action: true },
          once(paymentId, 'confirm', patience),
        );
        if (status === 'requires_capture') return { outcome: 'authorized', reference: id };
        throw outcomeUnknown(new Error(`Stripe says that the payment is ${status}.`));
      } catch (error) {
        const intent = intentOf(error);
        if (intent?.status === 'canceled') return { outcome: 'voided' };
        // It was authorized by a request whose answer got lost, and somebody may have captured it in the dashboard since.
        if (intent?.status === 'requires_capture' || intent?.status === 'succeeded')
          return { outcome: 'authorized', reference: intent.id };
        if (isRefused(error)) return { outcome: 'declined', decline: declineOf(error) };
        throw outcomeUnknown(error);
      }
    },

    async capture(payment, patience) {
      try {
        const id = await referenceOf(payment, patience);
        await (await stripe()).paymentIntents.capture(id, {}, once(payment.id, 'capture', patience));
        return 'captured';
      } catch (error) {
        const intent = intentOf(error);
        if (intent && isWhole(intent, payment)) return 'captured';
        if (intent?.status === 'canceled') return 'voided';
        throw outcomeUnknown(error);
      }
    },

    async void(payment, patience) {
      try {
        const id = await referenceOf(payment, patience);
        await (await stripe()).paymentIntents.cancel(id, {}, once(payment.id, 'cancel', patience));
        return 'voided';
      } catch (error) {
        const intent = intentOf(error);
        if (intent?.status === 'canceled') return 'voided';
        if (intent && isWhole(intent, payment)) return 'captured';
        // Where not even an intent can be created, none was ever confirmed.
        if (!intent && payment.reference === null && isRefused(error)) return 'voided';
        throw outcomeUnknown(error);
      }
    },

    async refund({ refundId, payment, amount }, patience) {
      try {
        const payment_intent = await referenceOf(payment, patience);
        const { refunds } = await stripe();
        // Stripe forgets keys after a day, and gives the first answer until then; the list says how things are.
        const made = await refunds.list({ payment_intent, limit: 100 }, within(patience));
        const refund =
          made.data.find(({ metadata }) => metadata?.['refund_id'] === refundId) ??
          (await refunds.create(
            { payment_intent, amount, metadata: { payment_id: payment.id, refund_id: refundId } },
            once(refundId, 'refund', patience),
          ));
        return { status: refundStatus(refund), reference: refund.id };
      } catch (error) {
        if (isRefused(error)) return { status: 'failed', reference: null };
        throw outcomeUnknown(error);
      }
    },

    async readReport(body, signature, now, patience) {
      const event = parseOrFail(
        StripeEvent,
        readSigned(body, signature, webhookSecret, now),
      ) as unknown as Stripe.Event;
      const { paymentIntents } = await stripe();
      return readStripeEvent(event, (id) => paymentIntents.retrieve(id, {}, within(patience))).catch(
        (error: unknown) => {
          throw outcomeUnknown(error);
        },
      );
    },
  };
}
