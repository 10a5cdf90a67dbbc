import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../tests/support/postgres.ts';
import { Database } from './database.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await testDatabase('orders');
  await test.sql('CREATE TABLE orders.notes (id int PRIMARY KEY, text text)');
  await test.sql('CREATE TABLE orders.large (amount bigint, amounts bigint[], at timestamptz)');
  await test.sql('GRANT ALL ON ALL TABLES IN SCHEMA orders TO PUBLIC');
});
afterAll(() => test.drop());
beforeEach(() => test.sql('TRUNCATE orders.notes, orders.large'));

const insert = (id: number, text = 'x') => test.database.query('INSERT INTO notes (id, text) VALUES ($1, $2)', [id, text]);
const stored = async () => (await test.sql('SELECT id FROM orders.notes ORDER BY id')).rows.map(({ id }) => id as number);
const backend = async () => (await test.database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
const uniqueViolation = { code: '23505' };

async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const before = test.database.statements;
  await work();
  return test.database.statements - before;
}

describe('a transaction', () => {
  it('keeps what its work wrote when the work resolves', async () => {
    const answer = await test.database.transaction(async () => {
      await insert(1);
      await insert(2);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await stored()).toEqual([1, 2]);
  });

  it('keeps nothing when the work rejects', async () => {
    const failing = test.database.transaction(async () => {
      await insert(1);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('keeps nothing when the work throws before it awaits anything', async () => {
    const failing = test.database.transaction(() => {
      void insert(1);
      throw new Error('at once');
    });
    await expect(failing).rejects.toThrow('at once');
    expect(await stored()).toEqual([]);
  });

  it('is seen by nobody else before it commits', async () => {
    await test.database.transaction(async () => {
      await insert(1);
      expect(await stored()).toEqual([]);
    });
    expect(await stored()).toEqual([1]);
  });

  it('runs statements in the order they were issued, awaited or not', async () => {
    await test.database.transaction(async () => {
      void insert(1, 'first');
      void test.database.query("UPDATE notes SET text = text || ', second' WHERE id = 1");
      void test.database.query("UPDATE notes SET text = text || ', third' WHERE id = 1");
    });
    expect((await test.sql('SELECT text FROM orders.notes')).rows).toEqual([{ text: 'first, second, third' }]);
  });

  it('sends its statements, a BEGIN and a COMMIT, and nothing else', async () => {
    expect(await statementsOf(() => test.database.transaction(() => insert(1)))).toBe(3);
  });

  it('rejects when a statement failed that nobody awaited', async () => {
    await insert(1);
    const failing = test.database.transaction(async () => {
      void insert(1);
      void insert(2);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(await stored()).toEqual([1]);
  });

  it('rejects when the work swallowed the error of a statement', async () => {
    await insert(1);
    const failing = test.database.transaction(async () => {
      await insert(1).catch(() => {});
      return 'all is well';
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
  });

  it('rejects when a deferred constraint fails at the commit', async () => {
    await test.sql('ALTER TABLE orders.notes ADD CONSTRAINT text_once UNIQUE (text) DEFERRABLE INITIALLY DEFERRED');
    const failing = test.database.transaction(async () => {
      await insert(1, 'same');
      await insert(2, 'same');
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    await test.sql('ALTER TABLE orders.notes DROP CONSTRAINT text_once');
    expect(await stored()).toEqual([]);
  });

  it('refuses a statement of work that outlives it', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await test.database.transaction(async () => {
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => insert(9));
      await insert(1);
    });
    await expect(late).rejects.toThrow('Is an await missing');
    expect(await stored()).toEqual([1]);
  });

  it('refuses a transaction of work that outlives it', async () => {
    let late: Promise<unknown> = Promise.resolve();
    await test.database.transaction(async () => {
      late = new Promise((resolve) => setTimeout(resolve, 20)).then(() => test.database.transaction(() => insert(9)));
    });
    await expect(late).rejects.toThrow('Is an await missing');
  });

  it('leaves its connection usable, whether it commits or not', async () => {
    const before = await backend();
    await insert(1);
    await expect(test.database.transaction(() => insert(1))).rejects.toMatchObject(uniqueViolation);
    await test.database.transaction(() => insert(2));
    expect(await backend()).toBe(before);
    expect(test.database.connections).toMatchObject({ open: 1, idle: 1, waiting: 0 });
  });

  it('runs beside others on connections of their own', async () => {
    let arrived = 0;
    let everybodyIsHere = () => {};
    const meeting = new Promise<void>((resolve) => (everybodyIsHere = resolve));
    await Promise.all(
      [1, 2, 3, 4].map((id) =>
        test.database.transaction(async () => {
          await insert(id);
          if (++arrived === 4) everybodyIsHere();
          await meeting;
        }),
      ),
    );
    expect(await stored()).toEqual([1, 2, 3, 4]);
  });
});

describe('a transaction inside another', () => {
  it('joins it', async () => {
    const statements = await statementsOf(() =>
      test.database.transaction(async () => {
        await insert(1);
        await test.database.transaction(() => insert(2));
        expect(await stored()).toEqual([]);
      }),
    );
    expect(await stored()).toEqual([1, 2]);
    expect(statements).toBe(4);
  });

  it('takes the whole with it when it rejects, even if that is caught', async () => {
    const failing = test.database.transaction(async () => {
      await insert(1);
      await test.database
        .transaction(async () => {
          await insert(2);
          throw new Error('half done');
        })
        .catch(() => {});
      return 'never mind';
    });
    await expect(failing).rejects.toThrow('half done');
    expect(await stored()).toEqual([]);
  });

  it('of another database is independent of it', async () => {
    const other = await testDatabase('users');
    await other.sql('CREATE TABLE users.notes (id int); GRANT ALL ON users.notes TO PUBLIC');
    const failing = test.database.transaction(async () => {
      await insert(1);
      await other.database.transaction(async () => {
        await other.database.query('INSERT INTO notes VALUES (1)');
        await insert(2);
      });
      throw new Error('only mine');
    });
    await expect(failing).rejects.toThrow('only mine');
    expect(await stored()).toEqual([]);
    expect((await other.sql('SELECT id FROM users.notes')).rows).toEqual([{ id: 1 }]);
    await other.drop();
  });
});

describe('whether a transaction is open', () => {
  it('is known around the caller, and only there', async () => {
    const seen = () => [test.database.inTransaction, Database.anyTransactionOpen];
    expect(seen()).toEqual([false, false]);
    let later: Promise<boolean[]> | undefined;
    await test.database.transaction(async () => {
      expect(seen()).toEqual([true, true]);
      later = new Promise((resolve) => setTimeout(() => resolve(seen()), 20));
    });
    expect(seen()).toEqual([false, false]);
    expect(await later).toEqual([false, false]);
  });
});

describe('a participant before the commit', () => {
  it('has its statements in the transaction, after those of the work', async () => {
    await test.database.transaction(async () => {
      test.database.beforeCommit(() => test.database.query("UPDATE notes SET text = 'seen' WHERE id = 1"));
      await insert(1);
    });
    expect((await test.sql('SELECT text FROM orders.notes')).rows).toEqual([{ text: 'seen' }]);
  });

  it('runs once, however often it was added', async () => {
    const participant = () => test.database.query('SELECT 1');
    const statements = await statementsOf(() =>
      test.database.transaction(async () => {
        test.database.beforeCommit(participant);
        test.database.beforeCommit(participant);
        await test.database.transaction(async () => test.database.beforeCommit(participant));
      }),
    );
    expect(statements).toBe(3);
  });

  it('may add another, and may wait for something before its statements', async () => {
    await test.database.transaction(async () => {
      test.database.beforeCommit(async () => {
        await Promise.resolve();
        await insert(1);
        test.database.beforeCommit(() => insert(2));
      });
    });
    expect(await stored()).toEqual([1, 2]);
  });

  it.each([
    ['rejects', async () => Promise.reject(new Error('not like this'))],
    [
      'throws',
      () => {
        throw new Error('not like this');
      },
    ],
  ])('rolls everything back when it %s', async (_how, participant) => {
    const failing = test.database.transaction(async () => {
      test.database.beforeCommit(() => insert(2));
      test.database.beforeCommit(participant);
      await insert(1);
    });
    await expect(failing).rejects.toThrow('not like this');
    expect(await stored()).toEqual([]);
  });

  it('rolls everything back when its statement fails', async () => {
    const failing = test.database.transaction(async () => {
      test.database.beforeCommit(() => insert(1));
      await insert(1);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(await stored()).toEqual([]);
  });

  it('does not run when the work rejects', async () => {
    let ran = false;
    const failing = test.database.transaction(async () => {
      test.database.beforeCommit(async () => (ran = true));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(ran).toBe(false);
  });

  it('needs a transaction', () => {
    expect(() => test.database.beforeCommit(async () => {})).toThrow('needs a transaction');
  });
});

describe('a listener after the commit', () => {
  it('finds everything stored and no transaction around it', async () => {
    let found: Promise<number[]> | undefined;
    let open: boolean | undefined;
    await test.database.transaction(async () => {
      test.database.afterCommit(() => {
        open = Database.anyTransactionOpen;
        found = stored();
      });
      await insert(1);
    });
    expect(open).toBe(false);
    expect(await found).toEqual([1]);
  });

  it('hears nothing of a transaction that was rolled back', async () => {
    const heard: string[] = [];
    const failing = test.database.transaction(async () => {
      test.database.afterCommit(() => heard.push('committed'));
      test.database.beforeCommit(() => insert(1));
      await insert(1);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(heard).toEqual([]);
  });

  it('that throws is reported and changes nothing for the others or the caller', async () => {
    const reported: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (...line: unknown[]) => reported.push(line) };
    const { database, drop } = await testDatabase('orders', { logger });
    const heard: string[] = [];
    await database.transaction(async () => {
      database.afterCommit(() => {
        throw new Error('my own fault');
      });
      database.afterCommit(() => heard.push('second'));
    });
    expect(heard).toEqual(['second']);
    expect(reported).toMatchObject([[expect.any(String), { error: new Error('my own fault') }]]);
    await drop();
  });

  it('needs a transaction', () => {
    expect(() => test.database.afterCommit(() => {})).toThrow('needs a transaction');
  });
});

describe('a conflict with another transaction', () => {
  const conflict = "DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$";

  it('runs the work again, and its participants and listeners once', async () => {
    let runs = 0;
    const heard: number[] = [];
    await test.database.transaction(async () => {
      const run = ++runs;
      test.database.afterCommit(() => heard.push(run));
      test.database.beforeCommit(() => insert(run));
      if (run < 3) await test.database.query(conflict);
    });
    expect(heard).toEqual([3]);
    expect(await stored()).toEqual([3]);
  });

  it('is seen behind an error that the work made of it', async () => {
    let runs = 0;
    await test.database.transaction(async () => {
      if (++runs === 1) await test.database.query(conflict).catch(() => Promise.reject(new Error('something failed')));
    });
    expect(runs).toBe(2);
  });

  it('that does not go away becomes unavailable after three more runs', async () => {
    let runs = 0;
    const failing = test.database.transaction(() => {
      runs++;
      return test.database.query(conflict);
    });
    await expect(failing).rejects.toMatchObject({ code: 'platform.unavailable', kind: 'unavailable', retryAfter: 1 });
    expect(runs).toBe(4);
  });

  it('that is a real deadlock is solved by running one of them again', async () => {
    await test.sql("INSERT INTO orders.notes VALUES (1, ''), (2, '')");
    let runs = 0;
    const append = (id: number) => test.database.query("UPDATE notes SET text = text || 'x' WHERE id = $1", [id]);
    const both = (first: number, second: number) =>
      test.database.transaction(async () => {
        runs++;
        await append(first);
        await new Promise((resolve) => setTimeout(resolve, 50));
        await append(second);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    expect((await test.sql('SELECT text FROM orders.notes')).rows).toEqual([{ text: 'xx' }, { text: 'xx' }]);
    expect(runs).toBe(3);
  });
});

describe('a value', () => {
  it('of BIGINT is a number, alone and in an array', async () => {
    const { rows } = await test.database.query(
      'INSERT INTO large VALUES ($1, $2) RETURNING amount, amounts, (SELECT count(*) FROM notes) AS count',
      [Number.MAX_SAFE_INTEGER, [1, 2]],
    );
    expect(rows).toEqual([{ amount: Number.MAX_SAFE_INTEGER, amounts: [1, 2], count: 0 }]);
  });

  it('of BIGINT that a number cannot hold is refused instead of changed', async () => {
    await expect(test.database.query('SELECT 9007199254740993 AS amount')).rejects.toThrow(RangeError);
    await expect(test.database.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it('of TIMESTAMPTZ is a Date', async () => {
    const at = new Date('2030-01-01T12:00:00.123Z');
    const { rows } = await test.database.query('INSERT INTO large (at) VALUES ($1) RETURNING at', [at]);
    expect(rows).toEqual([{ at }]);
  });

  it('that cannot be sent fails alone: the same statement works with the next one', async () => {
    const statement = 'SELECT $1::jsonb AS value';
    await expect(test.database.query(statement, [{ value: 1n }])).rejects.toThrow(TypeError);
    expect((await test.database.query(statement, [{ value: 1 }])).rows).toEqual([{ value: { value: 1 } }]);
    const failing = test.database.transaction(() => test.database.query(statement, [{ value: 1n }]));
    await expect(failing).rejects.toThrow(TypeError);
    await test.database.transaction(async () => {
      expect((await test.database.query(statement, [{ value: 2 }])).rows).toEqual([{ value: { value: 2 } }]);
    });
  });
});

describe('a statement', () => {
  it('is prepared once on its connection', async () => {
    const count = () => test.database.query<{ count: number }>("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int %'");
    const counted = await test.database.transaction(async () => {
      for (let run = 0; run < 3; run++) await test.database.query('SELECT $1::int + 1', [run]);
      return count();
    });
    expect(counted.rows).toEqual([{ count: 1 }]);
  });

  it('reads the tables of its own schema without naming it', async () => {
    await expect(test.database.query('SELECT count(*) FROM outbox')).resolves.toMatchObject({ rows: [{ count: 0 }] });
  });
});
