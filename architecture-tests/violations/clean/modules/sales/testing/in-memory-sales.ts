import type { Sale } from '../domain/sale.ts';
import type { Sales } from '../domain/sales.ts';

export function inMemorySales(): Sales & { all: Sale[] } {
  const all: Sale[] = [];
  return { all, add: async (sale) => void all.push(sale), forget: async () => {} };
}
