import { describe, expect, it } from 'vitest';
import { notebook, uniqueViolation } from '../../../tests/support/notebook.ts';
import { silentLogger } from '../../../tests/support/postgres.ts';
import { tcpLink } from '../../../tests/support/tcp-link.ts';
import { PostgresDatabase } from './postgres-database.ts';

const notes = notebook();
const { stored } = notes;

describe('a statement whose answer nobody waits for', () => {
  it('goes out with what is waited for, and costs no round trip', async () => {
    const link = await tcpLink(notes.test.connection);
    const database = new PostgresDatabase({
      schema: 'library',
      connection: { ...notes.test.connection, port: link.port },
      poolSize: 1,
      logger: silentLogger,
    });
    const roundTripsOf = async (work: () => Promise<unknown>) => {
      const before = link.exchanges;
      await database.transaction(work);
      return link.exchanges - before;
    };
    const insert = (id: number) => ['INSERT INTO notes (id) VALUES ($1)', [id]] as const;
    await roundTripsOf(() => database.query('SELECT 1'));

    const [lastAwaited, commit] = [1, 1];
    const sent = await roundTripsOf(async () => {
      database.send(...insert(1));
      await database.query('SELECT 1');
      database.send(...insert(2));
      database.send(...insert(3));
    });
    const awaited = await roundTripsOf(async () => {
      await database.query(...insert(4));
      await database.query('SELECT 1');
      await database.query(...insert(5));
    });
    await database.close();
    await link.close();
    expect(sent).toBe(lastAwaited + commit);
    expect(awaited, 'a way to see them').toBe(3 + commit);
    expect(await stored()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is seen by the statements behind it', async () => {
    const found = await notes.test.database.transaction(async () => {
      notes.test.database.send("INSERT INTO notes VALUES (1, 'sent')");
      return (await notes.test.database.query('SELECT text FROM notes')).rows;
    });
    expect(found).toEqual([{ text: 'sent' }]);
  });

  it('takes the transaction with it when it fails', async () => {
    const failing = notes.test.database.transaction(async () => {
      notes.test.database.send("INSERT INTO notes VALUES (1, 'sent')");
      notes.test.database.send("INSERT INTO notes VALUES (1, 'sent again')");
    });
    await expect(failing).rejects.toMatchObject(uniqueViolation);
    expect(await stored()).toEqual([]);
  });

  it('needs a transaction that has not ended', async () => {
    const send = () => notes.test.database.send('SELECT 1');
    expect(send).toThrow('needs a transaction');
    const ended = Promise.withResolvers<void>();
    let late: Promise<void> | undefined;
    await notes.test.database.transaction(async () => {
      late = ended.promise.then(send);
    });
    ended.resolve();
    await expect(late).rejects.toThrow('Is an await missing');
  });
});
