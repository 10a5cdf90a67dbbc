import { randomUUID } from 'node:crypto';
import type { Outbox } from '#platform/outbox.ts';
import { saleClosed } from '../contract.ts';
import { sale } from '../domain/sale.ts';
import type { Sales } from '../domain/sales.ts';

export const sell =
  (sales: Sales, outbox: Outbox) => async (buyerId: string, amount: number, at: string) => {
    const sold = sale(randomUUID(), amount, at);
    await sales.add(sold);
    outbox.add(saleClosed, { saleId: sold.id, amount, status: 'open' });
    return { saleId: sold.id };
  };
