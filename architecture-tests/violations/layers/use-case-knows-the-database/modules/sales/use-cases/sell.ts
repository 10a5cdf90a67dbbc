import type { Database } from '#platform/database.ts';
import { randomUUID } from 'node:crypto';
import type { Call } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { PeopleApi } from '../../people/contract.ts';
import { saleClosed } from '../contract.ts';
import { sale } from '../domain/sale.ts';
import type { Sales } from '../domain/sales.ts';

export const sell =
  (sales: Sales, getPerson: Call<typeof PeopleApi.getPerson>, outbox: Outbox) => async (buyerId: string, amount: number, at: string) => {
    await getPerson({ id: buyerId });
    const sold = sale(randomUUID(), amount, at);
    await sales.add(sold);
    outbox.add(saleClosed, { saleId: sold.id, amount, status: 'open' });
    return { saleId: sold.id };
  };
