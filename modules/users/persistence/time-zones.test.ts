/** Moments on databases whose time zone is not UTC: each comes back as it was written, whatever wrote and reads it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../tests/support/postgres.ts';
import { PrismaClient } from './generated/client.ts';

/** Around the changes of New York's clocks in 2026, and before the change of Kathmandu's in 1986. */
const moments = [
  '2026-03-08T06:59:59.999Z',
  '2026-03-08T07:00:00.000Z',
  '2026-03-08T07:30:00.123Z',
  '2026-11-01T05:30:00.000Z',
  '2026-11-01T06:00:00.000Z',
  '2026-11-01T06:30:00.456Z',
  '1985-12-31T18:29:59.000Z',
];

describe.each(['America/New_York', 'Asia/Kathmandu'])('a moment in a database set to %s', (zone) => {
  let test: TestDatabase;
  let prisma: PrismaClient;
  beforeAll(async () => {
    test = await testDatabase('users');
    const { database, user } = test.connection;
    await test.sql(`ALTER DATABASE "${database}" SET TimeZone TO '${zone}'`);
    await test.sql(`ALTER ROLE "${user}" IN DATABASE "${database}" SET TimeZone TO '${zone}'`);
    prisma = test.database.prisma(PrismaClient);
  });
  afterAll(() => test.drop());

  const insert = 'INSERT INTO exports (user_id, export_id, expires_at) VALUES ($1, $1, $2)';
  const writers: Record<string, (id: string, at: Date) => Promise<unknown>> = {
    Prisma: (id, expiresAt) => prisma.export.create({ data: { userId: id, exportId: id, expiresAt } }),
    'a statement through Prisma': (id, at) =>
      prisma.$executeRaw`INSERT INTO exports (user_id, export_id, expires_at) VALUES (${id}::uuid, ${id}::uuid, ${at})`,
    'a statement with a Date': (id, at) => test.database.query(insert, [id, at]),
    'a statement with a text': (id, at) => test.database.query(insert, [id, at.toISOString()]),
    'a common table expression of JSON': (id, at) =>
      test.database.query(
        `WITH given AS (SELECT * FROM jsonb_to_recordset($1) AS given (id uuid, at timestamptz))
          INSERT INTO exports (user_id, export_id, expires_at) SELECT id, id, at FROM given`,
        [JSON.stringify([{ id, at }])],
      ),
  };
  const first = async (sql: string, id: string) =>
    (await test.database.query<{ at: Date | string }>(sql, [id])).rows[0]!.at;
  const readers: Record<string, (id: string) => Promise<Date | string>> = {
    Prisma: async (id) => (await prisma.export.findUniqueOrThrow({ where: { userId: id } })).expiresAt,
    'Prisma that filters by it': async (id) => {
      const { expiresAt } = await prisma.export.findUniqueOrThrow({ where: { userId: id } });
      return (
        await prisma.export.findFirstOrThrow({ where: { userId: id, expiresAt: { gte: expiresAt, lte: expiresAt } } })
      ).expiresAt;
    },
    'a statement through Prisma': async (id) =>
      (await prisma.$queryRaw<{ at: Date }[]>`SELECT expires_at AS at FROM exports WHERE user_id = ${id}::uuid`)[0]!.at,
    'a statement': (id) => first('SELECT expires_at AS at FROM exports WHERE user_id = $1', id),
    'a common table expression': (id) =>
      first('WITH found AS (SELECT expires_at FROM exports WHERE user_id = $1) SELECT expires_at AS at FROM found', id),
    'an aggregate of JSON': (id) =>
      first("SELECT json_agg(exports)->0->>'expires_at' AS at FROM exports WHERE user_id = $1", id),
    'its text': (id) =>
      first("SELECT replace(expires_at::text, ' ', 'T') || ':00' AS at FROM exports WHERE user_id = $1", id),
  };

  it.each(moments)('%s', async (moment) => {
    const read: Record<string, string> = {};
    for (const [writer, write] of Object.entries(writers)) {
      const id = randomUUID();
      await write(id, new Date(moment));
      for (const [reader, at] of Object.entries(readers))
        read[`${writer}, then ${reader}`] = new Date(await at(id)).toISOString();
    }
    expect(read).toEqual(Object.fromEntries(Object.keys(read).map((way) => [way, moment])));
  });
});
