import type { Database } from '#platform/database.ts';
import type { Address } from '../domain/address.ts';
import type { Addresses } from '../domain/addresses.ts';
import type { PrismaClient } from './generated/client.ts';
import { lockPerson } from './lock-person.ts';

type Row = NonNullable<Awaited<ReturnType<PrismaClient['address']['findUnique']>>>;

const fromRow = ({ userId, label, line2, region, createdAt, updatedAt, ...row }: Row): Address => ({
  ...row,
  ...(label !== null && { label }),
  ...(line2 !== null && { line2 }),
  ...(region !== null && { region }),
  createdAt: createdAt.toISOString(),
  updatedAt: updatedAt.toISOString(),
});

const toRow = (address: Address) => ({
  ...address,
  label: address.label ?? null,
  line2: address.line2 ?? null,
  region: address.region ?? null,
});

/** Prisma's own API; its statements run in the ambient transaction. */
export function prismaAddresses(database: Database, prisma: PrismaClient): Addresses {
  const find = async (userId: string, id: string) => {
    const row = await prisma.address.findFirst({ where: { id, userId } });
    return row ? fromRow(row) : undefined;
  };
  const findAndLock = async (userId: string, id: string) => {
    await database.query('SELECT FROM addresses WHERE id = $1 AND user_id = $2 FOR UPDATE', [id, userId]);
    return find(userId, id);
  };
  return {
    find,

    async list(userId) {
      const rows = await prisma.address.findMany({ where: { userId }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });
      return rows.map(fromRow);
    },

    add: (userId, address, limit) =>
      database.transaction(async () => {
        if ((await lockPerson(prisma, userId)).erased) return 'erased';
        if ((await prisma.address.count({ where: { userId } })) >= limit) return 'full';
        await prisma.address.createMany({ data: [{ userId, ...toRow(address) }] });
        return 'added';
      }),

    update: (userId, id, change) =>
      database.transaction(async () => {
        const address = await findAndLock(userId, id);
        if (!address) return undefined;
        const changed = change(address);
        await prisma.address.updateMany({ where: { id, userId }, data: toRow(changed) });
        return changed;
      }),

    remove: (userId, id, guard) =>
      database.transaction(async () => {
        const address = await findAndLock(userId, id);
        if (!address) return false;
        guard(address);
        await prisma.address.deleteMany({ where: { id, userId } });
        return true;
      }),
  };
}
