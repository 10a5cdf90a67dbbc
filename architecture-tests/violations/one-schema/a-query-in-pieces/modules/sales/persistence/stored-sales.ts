import type { Database } from '#platform/database.ts';
import type { Sales } from '../domain/sales.ts';

export const storedSales = (database: Database): Sales => ({
  async add({ id, amount }) {
    await database.query('INSERT INTO sales.sales (id, amount) VALUES ($1, $2)', [id, amount]);
  },
  async more() {
    const paid = Prisma.sql`id IN (SELECT sale_id FROM billing.bills WHERE amount > ${5})`;
    await prisma.$queryRaw(Prisma.sql`SELECT id FROM sales WHERE name = ${'x y'} AND ${paid}`);
  },
  async forget(buyerId) {
    await database.query('UPDATE sales SET buyer_id = NULL WHERE buyer_id = $1', [buyerId]);
  },
});
