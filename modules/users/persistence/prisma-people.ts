import type { Database } from '#platform/database.ts';
import type { PersonalTraces } from '#platform/personal-traces.ts';
import type { People } from '../domain/people.ts';
import type { PrismaClient } from './generated/client.ts';
import { lockPerson } from './lock-person.ts';

export function prismaPeople(database: Database, prisma: PrismaClient, traces: PersonalTraces): People {
  return {
    erase: (userId, erasedAt) =>
      database.transaction(async () => {
        if ((await lockPerson(prisma, userId)).erased) return false;
        await prisma.address.deleteMany({ where: { userId } });
        await prisma.profile.deleteMany({ where: { userId } });
        await prisma.export.deleteMany({ where: { userId } });
        await prisma.person.update({ where: { userId }, data: { erasedAt } });
        await traces.forget(userId);
        return true;
      }),
  };
}
