import { expect, it } from 'vitest';
import { inMemoryBills } from '../../billing/testing/in-memory-bills.ts';
import { inMemorySales } from '../testing/in-memory-sales.ts';
import { sell } from './sell.ts';

it('sells to a person that exists', async () => {
  const sales = inMemorySales();
  await sell(sales, { getPerson: async () => ({}) }, { add: () => {} })('1', 5, '2030-01-01');
  expect(sales.all).toHaveLength(1);
});
