import { describe, expect, it } from 'vitest';
import { notebook, uniqueViolation } from '../../../tests/support/notebook.ts';
import { libraryDatabase } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';

const notes = notebook();
const { insert, stored } = notes;

const backend = async () =>
  (await notes.test.database.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;

describe('a transaction', () => {
  it('keeps what its work wrote when the work resolves', async () => {
    const answer = await notes.test.database.transaction(async () => {
      await insert(1);
      await insert(2);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await stored()).toEqual([1, 2]);
  });

  it('keeps nothing when the work rejects', async () => {
    const failing = notes.test.database.transaction(async () => {
      await insert(1);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await stored()).toEqual([]);
  });

  it('keeps nothing when the work throws before it awaits anything', async () => {
    const failing = notes.test.database.transaction(() => {
      void insert(1);
      throw new Error('at once');
    });
    await expect(failing).rejects.toThrow('at once');
    expect(await stored()).toEqual([]);
  });

  it('is seen by nobody else before it commits', async () => {
    await notes.test.database.transaction(async () => {
      await insert(1);
      expect(await stored()).toEqual([]);
    });
    expect(await stored()).toEqual([1]);
  });

  it('runs statements in the order they were issued, awaited or not', async () => {
    await notes.test.database.transaction(async () => {
      void insert(1, 'first');
      void notes.test.database.query("UPDATE notes SET text = text || ', second' WHERE id = 1");
      void notes.test.database.query("UPDATE notes SET text = text || ', third' WHERE id = 1");
    });
    expect((await notes.test.sql('SELECT text FROM library.notes')).rows).toEqual([{ text: 'first, second, third' }]);
  });

  it('sends its statements, a BEGIN and a COMMIT, and nothing else', async () => {
    const { database } = notes.test;
    const statements = await statementsOf(database, () => database.transaction(() => insert(1)));
    expect(statements).toEqual(['BEGIN', expect.stringMatching('^INSERT'), 'COMMIT']);
  });

  it('rejects when a statement failed that nobody awaited', async () => {
    await insert(1);
    const failing = notes.test.database.transaction(async () => {
      void insert(1);
      void insert(2);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(await stored()).toEqual([1]);
  });

  it('rejects the statements behind a failed one with its error, for that is what to mend', async () => {
    await insert(1);
    const failing = notes.test.database.transaction(async () => {
      void insert(1);
      await insert(2);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
  });

  it('rejects when the work swallowed the error of a statement', async () => {
    await insert(1);
    const failing = notes.test.database.transaction(async () => {
      await insert(1).catch(() => {});
      return 'all is well';
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
  });

  it('rejects when a deferred constraint fails at the commit', async () => {
    await notes.test.sql(
      'ALTER TABLE library.notes ADD CONSTRAINT text_once UNIQUE (text) DEFERRABLE INITIALLY DEFERRED',
    );
    const failing = notes.test.database.transaction(async () => {
      await insert(1, 'same');
      await insert(2, 'same');
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    await notes.test.sql('ALTER TABLE library.notes DROP CONSTRAINT text_once');
    expect(await stored()).toEqual([]);
  });

  it('refuses a statement of work that outlives it', async () => {
    const ended = Promise.withResolvers<void>();
    let late: Promise<unknown> = Promise.resolve();
    await notes.test.database.transaction(async () => {
      late = ended.promise.then(() => insert(9));
      await insert(1);
    });
    ended.resolve();
    await expect(late).rejects.toThrow('Is an await missing');
    expect(await stored()).toEqual([1]);
  });

  it('refuses a transaction of work that outlives it', async () => {
    const ended = Promise.withResolvers<void>();
    let late: Promise<unknown> = Promise.resolve();
    await notes.test.database.transaction(async () => {
      late = ended.promise.then(() => notes.test.database.transaction(() => insert(9)));
    });
    ended.resolve();
    await expect(late).rejects.toThrow('Is an await missing');
  });

  it('leaves its connection usable, whether it commits or not', async () => {
    const before = await backend();
    await insert(1);
    await expect(notes.test.database.transaction(() => insert(1))).rejects.toMatchObject(uniqueViolation);
    await notes.test.database.transaction(() => insert(2));
    expect(await backend()).toBe(before);
    expect(notes.test.database.connections).toMatchObject({ open: 1, idle: 1, waiting: 0 });
  });

  it('runs beside others on connections of their own', async () => {
    let arrived = 0;
    let everybodyIsHere = () => {};
    const meeting = new Promise<void>((resolve) => (everybodyIsHere = resolve));
    await Promise.all(
      [1, 2, 3, 4].map((id) =>
        notes.test.database.transaction(async () => {
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
    const statements = await statementsOf(notes.test.database, () =>
      notes.test.database.transaction(async () => {
        await insert(1);
        await notes.test.database.transaction(() => insert(2));
        expect(await stored()).toEqual([]);
      }),
    );
    expect(await stored()).toEqual([1, 2]);
    expect(statements).toHaveLength(4);
  });

  it('takes the whole with it when it rejects, even if that is caught', async () => {
    const failing = notes.test.database.transaction(async () => {
      await insert(1);
      await notes.test.database
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
    const other = await libraryDatabase('readers');
    const failing = notes.test.database.transaction(async () => {
      await insert(1);
      await other.database.transaction(async () => {
        await other.database.query('INSERT INTO notes VALUES (1)');
        await insert(2);
      });
      throw new Error('only mine');
    });
    await expect(failing).rejects.toThrow('only mine');
    expect(await stored()).toEqual([]);
    expect((await other.sql('SELECT id FROM readers.notes')).rows).toEqual([{ id: 1 }]);
    await other.drop();
  });
});

describe('a conflict with another transaction', () => {
  const conflict = "DO $$ BEGIN RAISE EXCEPTION 'could not serialize' USING ERRCODE = '40001'; END $$";

  it('runs the work again, and its participants and listeners once', async () => {
    let runs = 0;
    const heard: number[] = [];
    await notes.test.database.transaction(async () => {
      const run = ++runs;
      notes.test.database.afterCommit(() => heard.push(run));
      notes.test.database.beforeCommit(() => insert(run));
      if (run < 3) await notes.test.database.query(conflict);
    });
    expect(heard).toEqual([3]);
    expect(await stored()).toEqual([3]);
  });

  it('is seen behind an error that the work made of it', async () => {
    let runs = 0;
    await notes.test.database.transaction(async () => {
      if (++runs === 1)
        await notes.test.database.query(conflict).catch(() => Promise.reject(new Error('something failed')));
    });
    expect(runs).toBe(2);
  });

  it('that does not go away becomes unavailable after three more runs', async () => {
    let runs = 0;
    const failing = notes.test.database.transaction(() => {
      runs++;
      return notes.test.database.query(conflict);
    });
    await expect(failing).rejects.toMatchObject({ code: 'platform.unavailable', kind: 'unavailable', retryAfter: 1 });
    expect(runs).toBe(4);
  });

  it('that is a real deadlock is solved by running one of them again', async () => {
    await notes.test.sql("INSERT INTO library.notes VALUES (1, ''), (2, '')");
    let [runs, held] = [0, 0];
    const bothHoldOne = Promise.withResolvers<void>();
    const append = (id: number) => notes.test.database.query("UPDATE notes SET text = text || 'x' WHERE id = $1", [id]);
    const both = (first: number, second: number) =>
      notes.test.database.transaction(async () => {
        runs++;
        await append(first);
        if (++held === 2) bothHoldOne.resolve();
        await bothHoldOne.promise;
        await append(second);
      });
    await Promise.all([both(1, 2), both(2, 1)]);
    expect((await notes.test.sql('SELECT text FROM library.notes')).rows).toEqual([{ text: 'xx' }, { text: 'xx' }]);
    // One of them again; on a slow machine they may meet once more.
    expect(runs).toBeGreaterThan(2);
  });
});
