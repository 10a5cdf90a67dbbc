import { z } from 'zod';
import { api, command, event } from '#platform/contract.ts';

export const BillingApi = api('billing', {
  invoice: command(1, { input: z.object({ saleId: z.uuid() }), output: z.object({ billId: z.uuid() }), errors: [] }),
});

export const billPaid = event('billing.bill-paid', 1, {
  key: 'billId',
  payload: z.object({ billId: z.uuid(), paidAt: z.iso.datetime() }),
});
