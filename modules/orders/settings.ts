import { z } from 'zod';

export const OrdersSettings = z.object({
  CHECKOUT_TIMEOUT: z.coerce
    .number()
    .positive()
    .max(86_400)
    .default(900)
    .transform((seconds) => seconds * 1000)
    .describe('seconds until an order that is not paid is cancelled'),
});
export type OrdersSettings = z.output<typeof OrdersSettings>;
