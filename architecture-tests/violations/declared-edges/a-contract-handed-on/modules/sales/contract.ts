import { z } from 'zod';
import { api, command, errors, event } from '#platform/contract.ts';

export const SalesErrors = errors('sales', { unknownBuyer: ['invalid', 'There is no such buyer.'] });

export const SalesApi = api('sales', {
  sell: command(1, {
    input: z.object({ buyerId: z.uuid(), amount: z.int().positive(), note: z.string().max(100).optional() }),
    output: z.object({ saleId: z.uuid() }),
    errors: [SalesErrors.unknownBuyer],
  }),
});

export const saleClosed = event('sales.sale-closed', 1, {
  key: 'saleId',
  payload: z.object({ saleId: z.uuid(), amount: z.int().positive(), status: z.enum(['paid', 'open']) }),
});

export { BillingApi as MoneyApi } from '../billing/contract.ts';
