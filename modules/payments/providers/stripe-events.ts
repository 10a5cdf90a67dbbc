/** Reads Stripe's webhook events about our payments, and ignores those of other programs at the same Stripe account. */
import type { Stripe } from 'stripe';
import { z } from 'zod';
import type { Report, Reported } from '../domain/payment-provider.ts';
import { refundStatus } from './stripe-refunds.ts';

const ours = (metadata: Stripe.Metadata | null, name: 'payment_id' | 'refund_id'): string | null =>
  z.uuid().safeParse(metadata?.[name]).data ?? null;

export async function readStripeEvent(
  event: Stripe.Event,
  retrieve: (intentId: string) => Promise<Stripe.PaymentIntent>,
): Promise<Report> {
  return { id: event.id, type: event.type, reported: await reportedBy(event, retrieve) };
}

async function reportedBy(
  event: Stripe.Event,
  retrieve: (intentId: string) => Promise<Stripe.PaymentIntent>,
): Promise<Reported | undefined> {
  switch (event.type) {
    case 'payment_intent.succeeded': {
      const { id, metadata, amount_received } = event.data.object;
      const paymentId = ours(metadata, 'payment_id');
      return paymentId === null
        ? undefined
        : { kind: 'captured', paymentId, minorUnits: amount_received, reference: id };
    }
    case 'payment_intent.canceled': {
      const paymentId = ours(event.data.object.metadata, 'payment_id');
      return paymentId === null ? undefined : { kind: 'voided', paymentId };
    }
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed': {
      const refund = event.data.object;
      const paymentId = ours(refund.metadata, 'payment_id') ?? (await paymentOf(refund));
      if (paymentId === null) return undefined;
      const refundId = ours(refund.metadata, 'refund_id');
      return {
        kind: 'refund',
        paymentId,
        refundId,
        minorUnits: refund.amount,
        status: refundStatus(refund),
        reference: refund.id,
      };
    }
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated': {
      const dispute = event.data.object;
      const paymentId = await paymentOf(dispute);
      if (paymentId === null) return undefined;
      const status = event.type === 'charge.dispute.funds_withdrawn' ? 'withdrawn' : 'reinstated';
      return { kind: 'dispute', paymentId, status, minorUnits: dispute.amount, reference: dispute.id };
    }
    default:
      return undefined;
  }

  /** A dispute, and a refund that was made in Stripe's dashboard, carries none of our names, but its intent does. */
  async function paymentOf({
    payment_intent,
  }: Pick<Stripe.Refund | Stripe.Dispute, 'payment_intent'>): Promise<string | null> {
    if (payment_intent === null) return null;
    const intent = typeof payment_intent === 'string' ? await retrieve(payment_intent) : payment_intent;
    return ours(intent.metadata, 'payment_id');
  }
}
