import { z } from 'zod';
import { about, seconds } from '#platform/settings.ts';

/** The catalogues that can fill an empty shop. */
const catalogueNames = ['demo', 'none'] as const;

export const OrdersSettings = z.object({
  MAX_PENDING_ORDERS: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .meta(about('orders of one person that are not paid yet, at once')),
  MAX_DECLINES_PER_HOUR: z.coerce
    .number()
    .int()
    .min(1)
    .default(20)
    .meta(about('refused payments of one person, after which orders are refused for an hour')),
  SEED: z
    .enum(catalogueNames, `names a catalogue that does not exist; there are ${catalogueNames.join(', ')}`)
    .optional(),
  CHECKOUT_TIMEOUT: seconds(900, 86_400).meta(about('seconds until an order that is not paid is cancelled')),
});
export type OrdersSettings = z.output<typeof OrdersSettings>;
