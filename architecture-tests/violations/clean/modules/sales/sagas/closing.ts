import { z } from 'zod';
import type { Call } from '#platform/contract.ts';
import { saga, type SagaImplementation } from '#platform/sagas.ts';
import type { BillingApi } from '../../billing/contract.ts';

export const Closing = saga('sales.closing', 1, z.object({ saleId: z.uuid() }));

export const closingSteps = (bill: Call<typeof BillingApi.bill>): SagaImplementation => ({
  deadline: 60_000,
  steps: [
    { name: 'bill', run: async () => void (await bill({})) },
    { name: 'close', run: async () => {} },
  ],
});
