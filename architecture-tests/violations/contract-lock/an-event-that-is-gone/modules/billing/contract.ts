import { z } from 'zod';
import { api, command, event } from '#platform/contract.ts';

export const BillingApi = api('billing', {
  bill: command(1, { input: z.object({ saleId: z.uuid() }), output: z.object({ billId: z.uuid() }), errors: [] }),
});

export const billPaid = event('billing.bill-paid', 2, {
  key: 'billId',
  payload: z.object({ billId: z.uuid(), paidAt: z.iso.datetime() }),
});
