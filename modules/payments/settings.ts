/** The environment variables of payments. */
import { z } from 'zod';
import { about, shared } from '#platform/settings.ts';

export const PaymentsSettings = z
  .object({
    NODE_ENV: shared.NODE_ENV,
    PAYMENT_PROVIDER: z
      .enum(['sandbox', 'stripe'], 'must be sandbox or stripe')
      .optional()
      .meta(about('sandbox or stripe', { without: 'sandbox', production: 'needed' })),
    PAYMENT_TIMEOUT: z.coerce
      .number()
      .positive()
      .max(60)
      .default(10)
      .meta(about('seconds that a provider may take for one answer')),
    SANDBOX_WEBHOOK_SECRET: z
      .string()
      .min(16, 'must have at least 16 characters')
      .optional()
      .meta(about('signs the webhooks of the sandbox', { secret: true })),
    STRIPE_API_KEY: z
      .string()
      .min(1)
      .optional()
      .meta(about('the key of your account, needed for stripe', { secret: true })),
    STRIPE_WEBHOOK_SECRET: z
      .string()
      .min(1)
      .optional()
      .meta(about('signs the webhooks of Stripe', { secret: true })),
    STRIPE_API_BASE: z.url().default('https://api.stripe.com').meta(about('where Stripe is called')),
  })
  .refine(({ NODE_ENV, PAYMENT_PROVIDER }) => NODE_ENV !== 'production' || PAYMENT_PROVIDER !== undefined, {
    path: ['PAYMENT_PROVIDER'],
    message: 'is needed in production: stripe, or sandbox for play money',
  })
  .refine(({ PAYMENT_PROVIDER, STRIPE_API_KEY }) => PAYMENT_PROVIDER !== 'stripe' || STRIPE_API_KEY !== undefined, {
    path: ['STRIPE_API_KEY'],
    message: 'is needed for PAYMENT_PROVIDER=stripe',
  });
export type PaymentsSettings = z.output<typeof PaymentsSettings>;
