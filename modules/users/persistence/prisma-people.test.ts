import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import { testDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { peopleSuite } from '../testing/people.suite.ts';
import { anAddress, aProfile, noon } from '../testing/people.ts';
import { PrismaClient } from './generated/client.ts';
import { prismaAddresses } from './prisma-addresses.ts';
import { prismaPeople } from './prisma-people.ts';
import { prismaProfiles } from './prisma-profiles.ts';

let users: TestDatabase;
let prisma: PrismaClient;
beforeAll(async () => {
  users = await testDatabase('users');
  prisma = users.database.prisma(PrismaClient);
});
afterAll(() => users.drop());

function makePorts() {
  const { database, traces } = users;
  const transaction: Transaction = (work) => database.transaction(work);
  return {
    transaction,
    profiles: prismaProfiles(database, prisma),
    addresses: prismaAddresses(database, prisma),
    people: prismaPeople(database, prisma, traces),
  };
}

describe('people in PostgreSQL', () => {
  peopleSuite(async () => makePorts());

  it('share the ambient transaction: nothing of it stays when it fails', async () => {
    const { profiles, addresses, people } = makePorts();
    const [kept, added] = [aProfile(), aProfile()];
    await profiles.add(kept);
    const work = users.database.transaction(async () => {
      await profiles.add(added);
      await addresses.add(added.userId, anAddress(), 50);
      await people.erase(kept.userId, noon);
      throw new Error('too late');
    });
    await expect(work).rejects.toThrow('too late');
    expect(await profiles.find(kept.userId)).toEqual(kept);
    expect(await profiles.find(added.userId)).toBeUndefined();
    expect(await addresses.list(added.userId)).toEqual([]);
  });

  it('leave nothing of an erased person but an id and a time', async () => {
    const { profiles, addresses, people } = makePorts();
    const profile = aProfile({ email: 'unforgettable@example.com' });
    await profiles.add(profile);
    await addresses.add(profile.userId, { ...anAddress(), recipient: 'Unforgettable' }, 50);
    await people.erase(profile.userId, noon);
    const { rows: tables } = await users.sql(
      `select table_name from information_schema.tables where table_schema = 'users'`,
    );
    for (const { table_name } of tables) {
      const { rows } = await users.sql(`select t::text as line from users."${table_name}" t`);
      for (const { line } of rows) expect(line).not.toMatch(/unforgettable/i);
    }
    const { rows } = await users.sql('select user_id, erased_at from users.people where user_id = $1', [
      profile.userId,
    ]);
    expect(rows).toEqual([{ user_id: profile.userId, erased_at: noon }]);
  });
});
