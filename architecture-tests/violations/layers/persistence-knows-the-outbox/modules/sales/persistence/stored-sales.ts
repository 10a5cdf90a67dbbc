import type { Database } from '#platform/database.ts';
import type { Outbox } from '#platform/outbox.ts';
import { saleClosed } from '../contract.ts';
import type { Sales } from '../domain/sales.ts';

export const storedSales = (database: Database, outbox: Outbox): Sales => ({
  async add({ id, amount }) {
    await database.query('INSERT INTO sales.sales (id, amount) VALUES ($1, $2)', [id, amount]);
    outbox.add(saleClosed, { saleId: id, amount, status: 'open' });
  },
  async forget(buyerId) {
    await database.query('UPDATE sales SET buyer_id = NULL WHERE buyer_id = $1', [buyerId]);
  },
});
