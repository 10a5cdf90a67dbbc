/** Moments on databases whose time zone is not UTC: each comes back as it was written, whoever wrote and whoever reads it. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prismaClient } from '#platform/prisma-client.ts';
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
    prisma = prismaClient(PrismaClient, test.database);
  });
  afterAll(() => test.drop());

  const columns = { name: 'a', version: 1, payload: {}, headers: {}, owner: 0 };
  const insert = `INSERT INTO outbox (id, name, version, key, payload, headers, owner, occurred_at) VALUES ($1, 'a', 1, '', '{}', '{}', 0, $2)`;
  const writers: Record<string, (id: string, at: Date) => Promise<unknown>> = {
    Prisma: (id, occurredAt) => prisma.outboxEvent.create({ data: { ...columns, id, key: '', occurredAt } }),
    'a statement through Prisma': (id, at) =>
      prisma.$executeRaw`INSERT INTO outbox (id, name, version, key, payload, headers, owner, occurred_at) VALUES (${id}::uuid, 'a', 1, '', '{}', '{}', 0, ${at})`,
    'a statement with a Date': (id, at) => test.database.query(insert, [id, at]),
    'a statement with a text': (id, at) => test.database.query(insert, [id, at.toISOString()]),
    'a common table expression of JSON': (id, at) =>
      test.database.query(
        `WITH given AS (SELECT * FROM jsonb_to_recordset($1) AS given (id uuid, at timestamptz))
          INSERT INTO outbox (id, name, version, key, payload, headers, owner, occurred_at) SELECT id, 'a', 1, '', '{}', '{}', 0, at FROM given`,
        [JSON.stringify([{ id, at }])],
      ),
  };
  const first = async (sql: string, id: string) => (await test.database.query<{ at: Date | string }>(sql, [id])).rows[0]!.at;
  const readers: Record<string, (id: string) => Promise<Date | string>> = {
    Prisma: async (id) => (await prisma.outboxEvent.findUniqueOrThrow({ where: { id } })).occurredAt,
    'Prisma that filters by it': async (id) => {
      const { occurredAt } = await prisma.outboxEvent.findUniqueOrThrow({ where: { id } });
      return (await prisma.outboxEvent.findFirstOrThrow({ where: { id, occurredAt: { gte: occurredAt, lte: occurredAt } } })).occurredAt;
    },
    'a statement through Prisma': async (id) =>
      (await prisma.$queryRaw<{ at: Date }[]>`SELECT occurred_at AS at FROM outbox WHERE id = ${id}::uuid`)[0]!.at,
    'a statement': (id) => first('SELECT occurred_at AS at FROM outbox WHERE id = $1', id),
    'a common table expression': (id) => first('WITH found AS (SELECT occurred_at FROM outbox WHERE id = $1) SELECT occurred_at AS at FROM found', id),
    'an aggregate of JSON': (id) => first("SELECT json_agg(outbox)->0->>'occurred_at' AS at FROM outbox WHERE id = $1", id),
    'its text': (id) => first("SELECT replace(occurred_at::text, ' ', 'T') || ':00' AS at FROM outbox WHERE id = $1", id),
  };

  it.each(moments)('%s', async (moment) => {
    const read: Record<string, string> = {};
    for (const [writer, write] of Object.entries(writers)) {
      const id = randomUUID();
      await write(id, new Date(moment));
      for (const [reader, at] of Object.entries(readers)) read[`${writer}, then ${reader}`] = new Date(await at(id)).toISOString();
    }
    expect(read).toEqual(Object.fromEntries(Object.keys(read).map((way) => [way, moment])));
  });
});
