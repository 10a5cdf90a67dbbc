import type { Database } from '#platform/database.ts';
import type { Profile } from '../domain/profile.ts';
import type { Profiles } from '../domain/profiles.ts';
import type { PrismaClient } from './generated/client.ts';
import { lockPerson } from './lock-person.ts';

type Row = NonNullable<Awaited<ReturnType<PrismaClient['profile']['findUnique']>>>;

const fromRow = ({ createdAt, updatedAt, ...row }: Row): Profile => ({
  ...row,
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

/** Prisma's own API; its statements run in the ambient transaction, together with the outbox and the inbox. */
export function prismaProfiles(database: Database, prisma: PrismaClient): Profiles {
  const find = async (userId: string) => {
    const row = await prisma.profile.findUnique({ where: { userId } });
    return row ? fromRow(row) : undefined;
  };
  return {
    find,

    add: (profile) =>
      database.transaction(async () => {
        if ((await lockPerson(prisma, profile.userId)).erased) return undefined;
        await prisma.profile.createMany({ data: [profile], skipDuplicates: true });
        return find(profile.userId);
      }),

    update: (userId, change) =>
      database.transaction(async () => {
        await database.query('SELECT FROM profiles WHERE user_id = $1 FOR NO KEY UPDATE', [userId]);
        const profile = await find(userId);
        if (!profile) return undefined;
        const changed = change(profile);
        await prisma.profile.updateMany({ where: { userId }, data: changed });
        return changed;
      }),
  };
}
