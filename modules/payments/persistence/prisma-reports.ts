import type { Database } from '#platform/database.ts';
import type { Reports } from '../domain/reports.ts';
import type { PrismaClient } from './generated/client.ts';

export const prismaReports = (database: Database, prisma: PrismaClient): Reports => ({
  once: (provider, { id, type }, at, effect) =>
    database.transaction(async () => {
      const report = { provider, id, type, receivedAt: at };
      const { count } = await prisma.providerReport.createMany({ data: [report], skipDuplicates: true });
      if (count > 0) await effect();
    }),
});
