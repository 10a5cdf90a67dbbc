import { z } from 'zod';

/** The catalogues that can fill an empty shop. */
const catalogueNames = ['demo', 'none'] as const;

export const OrdersSettings = z.object({
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
