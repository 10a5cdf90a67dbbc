import type { Stripe } from 'stripe';

export function refundStatus({ status }: Pick<Stripe.Refund, 'status'>): 'pending' | 'succeeded' | 'failed' {
  if (status === 'succeeded') return 'succeeded';
  return status === 'failed' || status === 'canceled' ? 'failed' : 'pending';
}
