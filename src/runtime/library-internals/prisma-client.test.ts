/** Prisma and the ambient transaction. */
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresDatabase } from '#runtime/database/postgres-database.ts';
import { PrismaClient } from '../../../tests/support/library/generated/client.ts';
import { libraryDatabase, silentLogger, type TestDatabase } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';

let test: TestDatabase;
let prisma: PrismaClient;

beforeAll(async () => {
  test = await libraryDatabase();
  prisma = test.database.prisma(PrismaClient);
});
afterAll(() => test.drop());
beforeEach(() => test.sql('TRUNCATE library.books'));

const boughtAt = new Date('2030-01-01T12:00:00Z');
const add = (title: string) => prisma.book.create({ data: { title, boughtAt } });
const find = (title: string) => prisma.book.findUnique({ where: { title } });
const stored = async () =>
  (await test.sql('SELECT title FROM library.books ORDER BY title')).rows.map(({ title }) => title as string);

describe('a Prisma client', () => {
  it('works without a transaction', async () => {
    await add('a');
    expect(await find('a')).toEqual({ title: 'a', boughtAt });
  });

  it('S40 says what went wrong without quoting what was asked', async () => {
    const wrong = { title: 'Ada Lovelace', boughtAt: 'ada@example.com' };
    const error = await prisma.book.create({ data: wrong }).catch((caught: unknown) => caught);
    expect(String(error)).toMatch('boughtAt');
    expect(inspect(error)).not.toMatch(/Ada/i);
  });

  it('commits and rolls back with the ambient transaction and with SQL beside it', async () => {
    const failing = test.database.transaction(async () => {
      await add('prisma');
      await test.database.query("INSERT INTO books (title, bought_at) VALUES ('sql', now())");
      expect(await prisma.book.count()).toBe(2);
      expect(await stored()).toEqual([]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await stored()).toEqual([]);
    await test.database.transaction(() => add('prisma'));
    expect(await stored()).toEqual(['prisma']);
  });

  it('makes a batch or an interactive transaction of its own part of the ambient one', async () => {
    const failing = test.database.transaction(async () => {
      await prisma.$transaction([add('a'), add('b')]);
      await prisma.$transaction(async (own) => {
        await own.book.create({ data: { title: 'c', boughtAt } });
      });
      expect(await prisma.book.count()).toBe(3);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await stored()).toEqual([]);
  });

  it('undoes only its own transaction when that fails and the error is caught', async () => {
    await test.database.transaction(async () => {
      await add('a');
      await expect(prisma.$transaction([add('b'), add('a')])).rejects.toMatchObject({ code: 'P2002' });
      await add('c');
    });
    expect(await stored()).toEqual(['a', 'c']);
  });

  it('refuses two transactions of its own at once within one', async () => {
    const slowly = (name: string) =>
      prisma.$transaction(async (own) => {
        await own.book.create({ data: { title: name, boughtAt } });
        await own.$queryRaw`SELECT 1 FROM pg_sleep(0.02)`;
      });
    const failing = test.database.transaction(() => Promise.all([slowly('a'), slowly('b')]));
    await expect(failing).rejects.toThrow('overlap');
    expect(await stored()).toEqual([]);
  });

  it('keeps the transactions of concurrent work apart', async () => {
    const work = (name: string) =>
      test.database.transaction(async () => {
        await Promise.all([add(name), find(name)]);
        expect(await find(name)).toMatchObject({ title: name });
        if (name < 'c') throw new Error('no');
      });
    await Promise.allSettled(['a', 'b', 'c', 'd'].map(work));
    expect(await stored()).toEqual(['c', 'd']);
  });

  it('reads in each of two transactions of the same moment what that one wrote', async () => {
    const [a, b] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const together = Promise.all([a.promise, b.promise]);
    const work = (name: string, ready: () => void) =>
      test.database.transaction(async () => {
        await add(name);
        ready();
        await together;
        return find(name);
      });
    expect(await Promise.all([work('a', a.resolve), work('b', b.resolve)])).toMatchObject([
      { title: 'a' },
      { title: 'b' },
    ]);
  });

  it('reads outside of a transaction of the same moment only what is committed', async () => {
    const [written, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const within = test.database.transaction(async () => {
      await add('a');
      written.resolve();
      await written.promise;
      const found = await find('a');
      await read.promise;
      return found;
    });
    await written.promise;
    expect(await find('a')).toBeNull();
    read.resolve();
    expect(await within).toMatchObject({ title: 'a' });
  });

  it('still sends the reads of one transaction together', async () => {
    const names = ['a', 'b', 'c'];
    await prisma.book.createMany({ data: names.map((name) => ({ title: name, boughtAt })) });
    let found: unknown;
    const statements = await statementsOf(
      test.database,
      async () => (found = await test.database.transaction(() => Promise.all(names.map(find)))),
    );
    expect(found).toMatchObject(names.map((title) => ({ title })));
    expect(statements).toHaveLength(3);
  });

  it('has the work run again after a conflict', async () => {
    let runs = 0;
    await test.database.transaction(async () => {
      await add(`run ${++runs}`);
      if (runs === 1)
        await prisma.$executeRawUnsafe("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$");
    });
    expect(await stored()).toEqual(['run 2']);
  });

  it('says unavailable when the database is', async () => {
    const database = new PostgresDatabase({
      schema: 'library',
      connection: { ...test.connection, port: 1 },
      logger: silentLogger,
    });
    const cutOff = database.prisma(PrismaClient);
    const unavailable = { code: 'platform.unavailable', kind: 'unavailable' };
    await expect(cutOff.book.count()).rejects.toMatchObject(unavailable);
    await expect(cutOff.$transaction([cutOff.book.count()])).rejects.toMatchObject(unavailable);
    await database.close();
  });
});
