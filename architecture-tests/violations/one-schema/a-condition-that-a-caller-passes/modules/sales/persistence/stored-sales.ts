import type { Database } from '#platform/database.ts';
import type { Sales } from '../domain/sales.ts';

export const storedSales = (database: Database): Sales => ({
  async add({ id, amount }) {
    await database.query('INSERT INTO sales.sales (id, amount) VALUES ($1, $2)', [id, amount]);
  },
  async more() {
    const where = (condition: string) => database.query(`SELECT id FROM sales WHERE ${condition}`);
    await where('id = $1');
    await where('id IN (SELECT sale_id FROM billing.bills)');
  },
  async forget(buyerId) {
    await database.query('UPDATE sales SET buyer_id = NULL WHERE buyer_id = $1', [buyerId]);
  },
});
