/** A database that is slow, full or gone, as callers see it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, silentLogger, libraryDatabase } from '../../../tests/support/postgres.ts';
import { type TcpLink, tcpLink } from '../../../tests/support/tcp-link.ts';
import { PostgresDatabase, type PostgresDatabaseOptions } from './postgres-database.ts';

const unavailable = { code: 'platform.unavailable', kind: 'unavailable', retryAfter: 1 };

let test: TestDatabase;

beforeAll(async () => {
  test = await libraryDatabase();
});
afterAll(() => test.drop());
beforeEach(() => test.sql('TRUNCATE library.notes'));

const insertInto = (database: PostgresDatabase, id: number) => database.query('INSERT INTO notes VALUES ($1)', [id]);
const stored = async () =>
  (await test.sql('SELECT id FROM library.notes ORDER BY id')).rows.map(({ id }) => id as number);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function withDatabase(
  options: Partial<PostgresDatabaseOptions>,
  work: (database: PostgresDatabase) => Promise<void>,
): Promise<void> {
  const database = new PostgresDatabase({
    schema: 'library',
    connection: test.connection,
    logger: silentLogger,
    ...options,
  });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

async function overLink(
  work: (database: PostgresDatabase, link: TcpLink) => Promise<void>,
  options: Partial<PostgresDatabaseOptions> = {},
): Promise<void> {
  const link = await tcpLink(test.connection);
  try {
    const connection = { ...test.connection, port: link.port };
    await withDatabase({ connection, poolSize: 2, ...options }, (database) => work(database, link));
  } finally {
    await link.close();
  }
}

describe('a transaction over a slow network', () => {
  const exchangesOf = async (link: TcpLink, work: () => Promise<unknown>) => {
    link.delay = 50;
    const before = link.exchanges;
    await work();
    return link.exchanges - before;
  };

  it('waits for one answer when the work waits for none', () =>
    overLink(async (database, link) => {
      await database.query('SELECT 1');
      const exchanges = await exchangesOf(link, () =>
        database.transaction(async () => {
          void insertInto(database, 1);
          void insertInto(database, 2);
          database.beforeCommit(() => insertInto(database, 3));
        }),
      );
      expect(exchanges).toBe(1);
      expect(await stored()).toEqual([1, 2, 3]);
    }));

  it('waits for one more when the work waits for one', () =>
    overLink(async (database, link) => {
      await database.query('SELECT 1');
      expect(await exchangesOf(link, () => database.transaction(() => insertInto(database, 1)))).toBe(2);
    }));
});

describe('a connection that breaks', () => {
  it('under a statement makes it unavailable, and the next one works', () =>
    withDatabase({}, async (database) => {
      const outcome = database.query('SELECT pg_sleep(10)').catch((error: unknown) => error);
      const running =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(10)' AND state = 'active' AND datname = current_database()";
      while ((await test.sql(running)).rowCount === 0) await pause(10);
      expect(await outcome).toMatchObject(unavailable);
      await expect(database.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
    }));

  it('under a transaction rolls it back and makes it unavailable', () =>
    overLink(async (database, link) => {
      const failing = database.transaction(async () => {
        await insertInto(database, 1);
        link.breakAll();
        await insertInto(database, 2);
      });
      await expect(failing).rejects.toMatchObject(unavailable);
      expect(await stored()).toEqual([]);
      await database.transaction(() => insertInto(database, 3));
      expect(await stored()).toEqual([3]);
    }));

  it('under a transaction whose work had an error of its own leaves that error', () =>
    overLink(async (database, link) => {
      const failing = database.transaction(async () => {
        await insertInto(database, 1);
        link.breakAll();
        throw new Error('sold out');
      });
      await expect(failing).rejects.toThrow('sold out');
      expect(await stored()).toEqual([]);
    }));

  it('after the commit was sent makes it unavailable, says that the outcome is not known, and tells no listener', () =>
    overLink(async (database, link) => {
      await database.query('SELECT 1');
      link.cutWhenSent('COMMIT');
      const heard: string[] = [];
      const failing = database.transaction(async () => {
        database.afterCommit(() => heard.push('committed'));
        await insertInto(database, 1);
      });
      await expect(failing).rejects.toMatchObject({ code: 'platform.outcome-unknown', kind: 'unavailable' });
      expect(heard).toEqual([]);
      expect(await stored()).toEqual([1]);
    }));

  it('while nobody uses it is replaced, and reported', () => {
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
    return withDatabase({ logger }, async (database) => {
      await database.query('SELECT 1');
      await test.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'fissile library' AND datname = current_database()",
      );
      await pause(50);
      await expect(database.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
      expect(warnings).toContain('An idle database connection broke.');
    });
  });
});

describe('a server that is gone for a while', () => {
  it('makes everything unavailable, and all works again when it is back', () =>
    overLink(async (database, link) => {
      await Promise.all([insertInto(database, 1), insertInto(database, 2)]);
      link.refuse();
      link.breakAll();
      await pause(20);
      await expect(insertInto(database, 3)).rejects.toMatchObject(unavailable);
      await expect(database.transaction(() => insertInto(database, 3))).rejects.toMatchObject(unavailable);
      link.accept();
      await Promise.all([4, 5, 6].map((id) => database.transaction(() => insertInto(database, id))));
      expect(await stored()).toEqual([1, 2, 4, 5, 6]);
      expect(database.connections.waiting).toBe(0);
    }));
});

describe('a server that falls silent, as one does whose host vanished', () => {
  it('is unavailable after half as long again as a statement may take, and its connections are not used again', () =>
    overLink(
      async (database, link) => {
        await Promise.all([insertInto(database, 1), insertInto(database, 2)]);
        link.delay = 20_000;
        const start = performance.now();
        const outcomes = await Promise.allSettled([
          insertInto(database, 3),
          database.transaction(() => insertInto(database, 4)),
        ]);
        expect(outcomes).toMatchObject([{ reason: unavailable }, { reason: unavailable }]);
        expect(performance.now() - start).toBeLessThan(10_000);
        link.delay = 0;
        await insertInto(database, 5);
        expect(await stored()).toEqual([1, 2, 5]);
      },
      { statementTimeout: 1_500 },
    ));
});

describe('a pool whose connections are all in use', () => {
  it('makes others wait only so long', () =>
    withDatabase({ poolSize: 1, acquireTimeout: 500 }, async (database) => {
      // The connection is there already: opening one may take as long as the limit.
      await database.query('SELECT 1');
      const [begun, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const busy = database.transaction(() => (begun.resolve(), finished.promise));
      await begun.promise;
      const start = performance.now();
      const waiting = database.query('SELECT 1');
      await pause(10);
      expect(database.connections).toEqual({ max: 1, open: 1, idle: 0, waiting: 1, refusals: 0 });
      await expect(waiting).rejects.toMatchObject({
        ...unavailable,
        cause: { message: 'The pool is busy: all 1 connections are in use, and none came free within 500 ms.' },
      });
      expect(database.connections).toMatchObject({ waiting: 0, refusals: 1 });
      expect(performance.now() - start).toBeLessThan(20_000);
      finished.resolve();
      await busy;
      await expect(database.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
    }));

  it('serves those who waited as soon as it can', () =>
    withDatabase({ poolSize: 2 }, async (database) => {
      await Promise.all(Array.from({ length: 30 }, (_, id) => database.transaction(() => insertInto(database, id))));
      expect(await stored()).toHaveLength(30);
      expect(database.connections).toEqual({ max: 2, open: 2, idle: 2, waiting: 0, refusals: 0 });
    }));

  it('has nobody waiting for one that is idle', () =>
    withDatabase({ poolSize: 1 }, async (database) => {
      await database.query('SELECT 1');
      const running = database.query('SELECT 1');
      expect(database.connections.waiting).toBe(0);
      await running;
    }));

  it('is not called busy while they are still being opened', () =>
    overLink(
      async (database, link) => {
        link.delay = 20_000;
        const [opening, waiting] = await Promise.allSettled([database.query('SELECT 1'), database.query('SELECT 1')]);
        expect([opening, waiting]).toMatchObject([{ reason: unavailable }, { reason: unavailable }]);
        expect(String((waiting as PromiseRejectedResult).reason.cause)).not.toContain('busy');
      },
      { poolSize: 1, acquireTimeout: 500 },
    ));
});

describe('a statement that takes too long', () => {
  it('is stopped and unavailable', () =>
    withDatabase({ statementTimeout: 50 }, async (database) => {
      await expect(database.query('SELECT pg_sleep(10)')).rejects.toMatchObject(unavailable);
      await expect(database.transaction(() => database.query('SELECT pg_sleep(10)'))).rejects.toMatchObject(
        unavailable,
      );
    }));
});

describe('a lock that somebody else keeps', () => {
  it('makes a statement unavailable long before the statement may take no longer', () =>
    withDatabase({}, async (database) => {
      await insertInto(database, 1);
      await test.sql('BEGIN; SELECT FROM library.notes FOR UPDATE');
      const start = performance.now();
      const waiting = database.transaction(() => database.query('UPDATE notes SET id = id'));
      await expect(waiting).rejects.toMatchObject({ ...unavailable, cause: { code: '55P03' } });
      expect(performance.now() - start).toBeLessThan(20_000);
      await test.sql('ROLLBACK');
      await expect(database.query('UPDATE notes SET id = id')).resolves.toMatchObject({ rowCount: 1 });
    }));
});

describe('a transaction in which nothing happens', () => {
  it('gives its locks back after some seconds, and is unavailable', () =>
    withDatabase({}, async (database) => {
      await insertInto(database, 1);
      const [locked, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const forgotten = database.transaction(async () => {
        await database.query('UPDATE notes SET id = 2');
        locked.resolve();
        await goOn.promise;
        await database.query('SELECT 1');
      });
      await locked.promise;
      await test.sql("SET statement_timeout = '30s'; UPDATE library.notes SET id = 3");
      goOn.resolve();
      await expect(forgotten).rejects.toMatchObject(unavailable);
      expect(await stored()).toEqual([3]);
    }));
});

describe('closing', () => {
  it('lets running transactions finish and accepts no new ones', () =>
    withDatabase({}, async (database) => {
      const running = database.transaction(async () => {
        await pause(50);
        await insertInto(database, 1);
      });
      await pause(10);
      const closed = database.close();
      await expect(insertInto(database, 2)).rejects.toMatchObject(unavailable);
      await Promise.all([running, closed]);
      expect(await stored()).toEqual([1]);
    }));
});
