import type { Bills } from '../domain/bills.ts';

export const inMemoryBills = (): Bills => ({ add: async () => {}, close: async (saleId) => saleId });
