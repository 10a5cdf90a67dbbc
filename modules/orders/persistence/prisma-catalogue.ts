import type { Catalogue } from '../domain/catalogue.ts';
import type { PrismaClient } from './generated/client.ts';
import { columnsOf, productFrom, rowOf } from './product-row.ts';

export function prismaCatalogue(prisma: PrismaClient): Catalogue {
  return {
    async find(sku) {
      const row = await prisma.product.findUnique({ where: { sku } });
      return row ? productFrom(row) : undefined;
    },

    async list({ after, limit }) {
      const where = after === undefined ? {} : { sku: { gt: after } };
      const rows = await prisma.product.findMany({ where, orderBy: { sku: 'asc' }, take: limit });
      return rows.map(productFrom);
    },

    async add(product) {
      const [row] = await prisma.product.createManyAndReturn({ data: rowOf(product), skipDuplicates: true });
      return row && productFrom(row);
    },

    async addFirst(products) {
      if (await prisma.product.findFirst()) return false;
      // One statement, so all or none. Several at once wait for the first, and then find every SKU taken.
      const { count } = await prisma.product.createMany({ data: products.map(rowOf), skipDuplicates: true });
      return count > 0;
    },

    async change(sku, changes, expectedVersion) {
      const where = { sku, ...(expectedVersion !== undefined && { version: expectedVersion }) };
      const data = { ...columnsOf(changes), version: { increment: 1 } };
      const [row] = await prisma.product.updateManyAndReturn({ where, data });
      return row && productFrom(row);
    },
  };
}
