import type { Transaction } from '#platform/transaction.ts';
import { testDatabase } from '../../../tests/support/postgres.ts';
import { PrismaClient } from '../persistence/generated/client.ts';
import { postgresOrders } from '../persistence/postgres-orders.ts';
import { prismaCatalogue } from '../persistence/prisma-catalogue.ts';

/** The shop over a PostgreSQL database of its own. */
export async function postgresShop(options: Parameters<typeof testDatabase>[1] = {}) {
  const { database, sql, drop } = await testDatabase('orders', options);
  const prisma = database.prisma(PrismaClient);
  const transaction: Transaction = (work) => database.transaction(work);
  return {
    database,
    transaction,
    sql,
    drop,
    catalogue: prismaCatalogue(prisma),
    orders: postgresOrders(database, prisma),
  };
}
