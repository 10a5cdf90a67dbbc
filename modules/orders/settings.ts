import { z } from 'zod';

/** The catalogues that can fill an empty shop. */
const catalogueNames = ['demo', 'none'] as const;

export const OrdersSettings = z.object({
  MAX_PENDING_ORDERS: z.coerce.number().int().min(1).default(50).describe('orders of one person that are not paid yet, at once'),
  MAX_DECLINES_PER_HOUR: z.coerce.number().int().min(1).default(20).describe('refused payments of one person'),
  SEED: z.enum(catalogueNames, `names a catalogue that does not exist; there are ${catalogueNames.join(', ')}`).optional(),
  CHECKOUT_TIMEOUT: z.coerce
    .number()
    .positive()
    .max(86_400)
    .default(900)
    .transform((seconds) => seconds * 1000)
    .describe('seconds until an order that is not paid is cancelled'),
});
export type OrdersSettings = z.output<typeof OrdersSettings>;
