const unpaid = 'SELECT id FROM billing.bills WHERE paid_at IS NULL';
import type { Database } from '#platform/database.ts';
import type { Sales } from '../domain/sales.ts';

export const storedSales = (database: Database): Sales => ({
  async add({ id, amount }) {
    await database.query('INSERT INTO sales.sales (id, amount) VALUES ($1, $2)', [id, amount]);
  },
  async forget(buyerId) {
    await database.query('UPDATE sales SET buyer_id = NULL WHERE buyer_id = $1', [buyerId]);
  },
});
