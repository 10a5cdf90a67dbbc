import type { Database } from '#platform/database/database.ts';
import type { Outbox } from '#platform/events/outbox.ts';
import { forgetTraces } from '#platform/forget-traces.ts';
import type { People } from '../domain/people.ts';
import type { PrismaClient } from './generated/client.ts';
import { lockPerson } from './lock-person.ts';

export function prismaPeople(database: Database, prisma: PrismaClient, outbox: Outbox): People {
  return {
    erase: (userId, erasedAt, announce) =>
      database.transaction(async () => {
        if ((await lockPerson(prisma, userId)).erased) return;
        await prisma.address.deleteMany({ where: { userId } });
        await prisma.profile.deleteMany({ where: { userId } });
        await prisma.export.deleteMany({ where: { userId } });
        await prisma.person.update({ where: { userId }, data: { erasedAt } });
        await forgetTraces(database, userId);
        announce(outbox);
      }),
  };
}
