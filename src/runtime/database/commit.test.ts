/** The steps around a commit: participants before it, listeners after it, and who knows that it is to come. */
import { describe, expect, it } from 'vitest';
import { notebook, uniqueViolation } from '../../../tests/support/notebook.ts';
import { libraryDatabase } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';
import { Database } from '#platform/database.ts';

const notes = notebook();
const { insert, stored } = notes;

describe('whether a transaction is open', () => {
  it('is known around the caller, and only there', async () => {
    const seen = () => [notes.test.database.inTransaction, Database.anyTransactionOpen];
    expect(seen()).toEqual([false, false]);
    const ended = Promise.withResolvers<void>();
    let later: Promise<boolean[]> | undefined;
    await notes.test.database.transaction(async () => {
      expect(seen()).toEqual([true, true]);
      later = ended.promise.then(seen);
    });
    ended.resolve();
    expect(seen()).toEqual([false, false]);
    expect(await later).toEqual([false, false]);
  });
});

describe('a participant before the commit', () => {
  it('has its statements in the transaction, after those of the work', async () => {
    await notes.test.database.transaction(async () => {
      notes.test.database.beforeCommit(() => notes.test.database.query("UPDATE notes SET text = 'seen' WHERE id = 1"));
      await insert(1);
    });
    expect((await notes.test.sql('SELECT text FROM library.notes')).rows).toEqual([{ text: 'seen' }]);
  });

  it('runs once, however often it was added', async () => {
    const participant = () => notes.test.database.query('SELECT 1');
    const statements = await statementsOf(notes.test.database, () =>
      notes.test.database.transaction(async () => {
        notes.test.database.beforeCommit(participant);
        notes.test.database.beforeCommit(participant);
        await notes.test.database.transaction(async () => notes.test.database.beforeCommit(participant));
      }),
    );
    expect(statements).toHaveLength(3);
  });

  it('may add another, and may wait for something before its statements', async () => {
    await notes.test.database.transaction(async () => {
      notes.test.database.beforeCommit(async () => {
        await Promise.resolve();
        await insert(1);
        notes.test.database.beforeCommit(() => insert(2));
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
    const failing = notes.test.database.transaction(async () => {
      notes.test.database.beforeCommit(() => insert(2));
      notes.test.database.beforeCommit(participant);
      await insert(1);
    });
    await expect(failing).rejects.toThrow('not like this');
    expect(await stored()).toEqual([]);
  });

  it('rolls everything back when its statement fails', async () => {
    const failing = notes.test.database.transaction(async () => {
      notes.test.database.beforeCommit(() => insert(1));
      await insert(1);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(await stored()).toEqual([]);
  });

  it('does not run when the work rejects', async () => {
    let ran = false;
    const failing = notes.test.database.transaction(async () => {
      notes.test.database.beforeCommit(async () => (ran = true));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(ran).toBe(false);
  });

  it('needs a transaction', () => {
    expect(() => notes.test.database.beforeCommit(async () => {})).toThrow('needs a transaction');
  });
});

describe('a listener after the commit', () => {
  it('finds everything stored and no transaction around it', async () => {
    let found: Promise<number[]> | undefined;
    let open: boolean | undefined;
    await notes.test.database.transaction(async () => {
      notes.test.database.afterCommit(() => {
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
    const failing = notes.test.database.transaction(async () => {
      notes.test.database.afterCommit(() => heard.push('committed'));
      notes.test.database.beforeCommit(() => insert(1));
      await insert(1);
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(heard).toEqual([]);
  });

  it('that throws is reported and changes nothing for the others or the caller', async () => {
    const reported: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (...line: unknown[]) => reported.push(line) };
    const { database, drop } = await libraryDatabase('library', { logger });
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
    expect(() => notes.test.database.afterCommit(() => {})).toThrow('needs a transaction');
  });
});
