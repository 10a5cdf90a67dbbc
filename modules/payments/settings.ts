/** The environment variables of payments. */
import { z } from 'zod';

export const PaymentsSettings = z
  .object({
    NODE_ENV: z.string().optional(),
    PAYMENT_PROVIDER: z.enum(['sandbox', 'stripe'], 'must be sandbox or stripe').optional().describe('sandbox or stripe; needed in production'),
    PAYMENT_TIMEOUT: z.coerce.number().positive().max(60).default(10).describe('seconds that a provider may take for one answer'),
    SANDBOX_WEBHOOK_SECRET: z.string().min(16, 'must have at least 16 characters').optional().describe('that its webhooks are signed with'),
    STRIPE_API_KEY: z.string().min(1).optional().describe('needed for stripe'),
    STRIPE_WEBHOOK_SECRET: z.string().min(1).optional().describe('that its webhooks are signed with'),
    STRIPE_API_BASE: z.url().default('https://api.stripe.com').describe('where it is called'),
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
