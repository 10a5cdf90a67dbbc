/** The event that the rows about events carry: something was sold, and somebody sends a parcel. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { event } from '../src/platform/contract.ts';
import type { Envelope } from '../src/runtime/events/envelope.ts';

export const [seller, sender] = ['bench_sales', 'bench_parcels'];
export const itemSold = event('bench_sales.item-sold', 1, {
  key: 'buyer',
  payload: z.object({ id: z.int(), buyer: z.string() }),
});
export const subscription = { name: 'bench_parcels.send', event: itemSold };
export const buyers = 1_000;

export const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };

let sold = 0;
export const newSale = (): { readonly id: number; readonly buyer: string } => ({
  id: ++sold,
  buyer: `buyer ${sold % buyers}`,
});

/** As an outbox gives it to a transport. */
export function announced(sale: ReturnType<typeof newSale>): Envelope {
  return {
    id: randomUUID(),
    name: itemSold.name,
    version: 1,
    key: sale.buyer,
    payload: sale,
    headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'bench' },
    occurredAt: new Date().toISOString(),
    position: sale.id,
  };
}
