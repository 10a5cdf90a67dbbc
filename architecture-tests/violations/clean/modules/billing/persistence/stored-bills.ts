import type { Database } from '#platform/database.ts';
import type { Bills } from '../domain/bills.ts';

export const storedBills = (database: Database): Bills => ({
  async add(id) {
    await database.query('INSERT INTO "bills" (id) VALUES ($1)', [id]);
  },
  async close(saleId) {
    const { rows } = await database.query('SELECT id FROM bills WHERE sale_id = $1', [saleId]);
    return String(rows[0]);
  },
});
