import { expect, it } from 'vitest';
import { inMemoryBills } from '../testing/in-memory-bills.ts';
import { bill } from './bill.ts';

it('bills a sale', async () => {
  expect(await bill(inMemoryBills(), { send: async () => {} })()).toHaveProperty('billId');
});
