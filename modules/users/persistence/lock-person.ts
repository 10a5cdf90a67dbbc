import type { PrismaClient } from './generated/client.ts';

/**
 * Makes the writers of one person take turns until the end of the transaction, and tells whether the person was
 * erased. One `INSERT ... ON CONFLICT DO UPDATE`, so it holds for people nobody has heard of yet as well.
 */
export async function lockPerson(prisma: PrismaClient, userId: string): Promise<{ erased: boolean }> {
  const { erasedAt } = await prisma.person.upsert({
    where: { userId },
    create: { userId },
    update: { revision: { increment: 1 } },
  });
  return { erased: erasedAt !== null };
}
