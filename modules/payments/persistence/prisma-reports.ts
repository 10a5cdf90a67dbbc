import type { Reports } from '../domain/reports.ts';
import type { PrismaClient } from './generated/client.ts';

export const prismaReports = (prisma: PrismaClient): Reports => ({
  async add(provider, { id, type }, at) {
    const report = { provider, id, type, receivedAt: at };
    const { count } = await prisma.providerReport.createMany({ data: [report], skipDuplicates: true });
    return count > 0;
  },
});
