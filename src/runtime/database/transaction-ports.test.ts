/** Promises to a use case, whether its tests run in memory or it runs on PostgreSQL. */
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { event } from '#platform/contract.ts';
import { Database } from '#platform/database.ts';
import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { InMemorySagas } from '#platform/in-memory-sagas.ts';
import { InMemoryTable, inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import { saga } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { notebook } from '../../../tests/support/notebook.ts';

interface Notes {
  readonly transaction: Transaction;
  write(id: number): Promise<unknown>;
  remove(id: number): Promise<unknown>;
  stored(): Promise<number[]>;
}

function transactionSuite(open: () => Notes): void {
  let notes: Notes;
  beforeEach(() => {
    notes = open();
  });

  it('gives what its work gives, and keeps what it wrote', async () => {
    const answer = await notes.transaction(async () => {
      await notes.write(1);
      await notes.write(2);
      return 'done';
    });
    expect(answer).toBe('done');
    expect(await notes.stored()).toEqual([1, 2]);
  });

  it('leaves everything as it was when its work rejects', async () => {
    await notes.write(1);
    const failing = notes.transaction(async () => {
      await notes.write(2);
      await notes.remove(1);
      await notes.write(1);
      await notes.remove(2);
      await notes.remove(1);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await notes.stored()).toEqual([1]);
  });

  it('within another joins it, and the whole fails with it, even if that is caught', async () => {
    const both = (end: () => void) =>
      notes.transaction(async () => {
        await notes.write(1);
        await notes
          .transaction(async () => {
            await notes.write(2);
            end();
          })
          .catch(() => {});
      });
    const fail = () => {
      throw new Error('half done');
    };
    await expect(both(fail)).rejects.toThrow('half done');
    expect(await notes.stored()).toEqual([]);
    await both(() => {});
    expect(await notes.stored()).toEqual([1, 2]);
  });

  it('refuses work that outlives it', async () => {
    const ended = Promise.withResolvers<void>();
    let late: Promise<unknown> = Promise.resolve();
    await notes.transaction(async () => {
      late = ended.promise.then(() => notes.transaction(() => notes.write(9)));
    });
    ended.resolve();
    await expect(late).rejects.toThrow('Is an await missing');
    expect(await notes.stored()).toEqual([]);
  });

  it('is known to be open around its work only', async () => {
    expect(Database.anyTransactionOpen).toBe(false);
    expect(await notes.transaction(async () => Database.anyTransactionOpen)).toBe(true);
    expect(Database.anyTransactionOpen).toBe(false);
  });

  it('that fails takes nothing from another that writes the same at the same time', async () => {
    const failing = notes.transaction(async () => {
      await notes.write(1);
      throw new Error('no');
    });
    await Promise.all([expect(failing).rejects.toThrow('no'), notes.transaction(() => notes.write(1))]);
    expect(await notes.stored()).toEqual([1]);
  });
}

describe('a transaction on PostgreSQL', () => {
  const notes = notebook();
  transactionSuite(() => ({
    transaction: (work) => notes.test.database.transaction(work),
    write: notes.insert,
    remove: (id) => notes.test.database.query('DELETE FROM notes WHERE id = $1', [id]),
    stored: notes.stored,
  }));
});

describe('a transaction in memory', () => {
  transactionSuite(() => {
    const table = new InMemoryTable<number, string>();
    return {
      transaction: inMemoryTransaction(),
      write: async (id) => table.set(id, 'x'),
      remove: async (id) => table.delete(id),
      stored: async () => [...table.keys()].sort((a, b) => a - b),
    };
  });

  it('takes back what was told, started and cancelled', async () => {
    const transaction = inMemoryTransaction();
    const [outbox, sagas] = [new InMemoryOutbox(), new InMemorySagas()];
    const happened = event('library.happened', 1, { key: 'id', payload: z.object({ id: z.string() }) });
    const lending = saga('library.lending', 1, z.object({ id: z.string() }));
    const act = (id: string, end: () => void) =>
      transaction(async () => {
        outbox.add(happened, { id });
        await sagas.start(lending, id, { id });
        await sagas.cancel(lending, id, { code: 'c', message: 'm' });
        end();
      });
    await act('kept', () => {});
    const failing = act('undone', () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(outbox.events.map(({ payload }) => payload)).toEqual([{ id: 'kept' }]);
    expect(() => outbox.add(happened, { id: 'outside' }), 'as the outbox of PostgreSQL').toThrow('needs a transaction');
    expect([...sagas.started, ...sagas.cancelled].map(({ id }) => id)).toEqual(['kept', 'kept']);
  });
});
