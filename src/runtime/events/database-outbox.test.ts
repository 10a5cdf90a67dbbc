import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { statementsOf } from '../../../tests/support/statements.ts';
import { tcpLink } from '../../../tests/support/tcp-link.ts';
import { MemoryTransport } from './memory/memory-transport.ts';
import { happened, Landscape, type TestProgram, until } from './testing/landscape.ts';

let landscape: Landscape;
let program: TestProgram;
beforeEach(async () => {
  landscape = await Landscape.create();
  program = await landscape.start({ transport: new MemoryTransport(), limits: { sweep: 60_000 } });
});
afterEach(() => landscape.drop());

const stored = async () => (await landscape.library.sql('select * from library.outbox order by position')).rows;

describe('announcing an event', () => {
  it('needs a transaction', () => {
    expect(() => program.library.outbox.add(happened, { id: 'k', n: 1 })).toThrow('transaction');
  });

  it('is refused when the transaction around it has ended, however it did', async () => {
    for (const end of [async () => {}, () => Promise.reject(new Error('changed our mind'))]) {
      const late = Promise.withResolvers<void>();
      let announcing: Promise<void> | undefined;
      const transaction = program.databases.library.transaction(() => {
        program.library.outbox.add(happened, { id: 'k', n: 1 });
        announcing = late.promise.then(() => program.library.outbox.add(happened, { id: 'k', n: 2 }));
        return end();
      });
      await transaction.catch(() => {});
      late.resolve();
      await expect(announcing).rejects.toThrow('ended');
    }
    expect((await stored()).map(({ payload }) => payload.n)).toEqual([1]);
  });

  it('is refused when the payload is not what the contract says', async () => {
    const announcing = program.announceAs(happened, { id: 'k', n: 'one' });
    await expect(announcing).rejects.toThrow('expected number');
    expect(await stored()).toEqual([]);
  });

  it('keeps only what the contract names', async () => {
    await program.announceAs(happened, { id: 'k', n: 1, secret: 'hush' });
    expect((await stored())[0].payload).toEqual({ id: 'k', n: 1 });
  });

  it('costs one statement for all events of a transaction, and keeps their order', async () => {
    const events = Array.from({ length: 50 }, (_, n) => ({ id: `k${n % 3}`, n }));
    const statements = await statementsOf(program.databases.library, () => program.announce(...events));
    const [begin, insert, commit] = [1, 1, 1];
    expect(statements).toHaveLength(begin + insert + commit);
    expect((await stored()).map(({ payload }) => payload.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('reads nothing of a full outbox but the events with its key', async () => {
    await landscape.library.sql(`
      insert into library.outbox (id, name, version, key, payload, headers, occurred_at, owner)
      select gen_random_uuid(), 'library.happened', 1, 'full ' || n, '{}', '{}', now(), 0 from generate_series(1, 5000) n`);
    await landscape.library.sql('analyze library.outbox');
    const { library } = program.databases;
    let tuplesRead: number | undefined;
    await library.transaction(async () => {
      program.library.outbox.add(happened, { id: 'k', n: 1 });
      library.beforeCommit(async () => {
        const { rows } = await library.query<{ read: number }>(
          "select seq_tup_read as read from pg_stat_xact_user_tables where relname = 'outbox'",
        );
        tuplesRead = rows[0]!.read;
      });
    });
    expect(tuplesRead).toBe(0);
  });

  it('happens once if the database makes the transaction run again', async () => {
    let runs = 0;
    await program.databases.library.transaction(async () => {
      program.library.outbox.add(happened, { id: 'k', n: ++runs });
      if (runs === 1)
        await program.databases.library.query("do $$ begin raise exception 'conflict' using errcode = '40001'; end $$");
    });
    expect((await stored()).map(({ payload }) => payload.n)).toEqual([2]);
  });

  it('is possible until the very end of the transaction', async () => {
    const { library } = program.databases;
    await library.transaction(async () => {
      program.library.outbox.add(happened, { id: 'k', n: 1 });
      library.beforeCommit(async () => program.library.outbox.add(happened, { id: 'k', n: 2 }));
    });
    expect((await stored()).map(({ payload }) => payload.n)).toEqual([1, 2]);
  });
});

describe('an event whose commit was not answered', () => {
  it('is delivered if it was stored, once', async () => {
    const link = await tcpLink(landscape.library.connection);
    const linked = await landscape.start({
      transport: new MemoryTransport(),
      reactions: { 'readers.a': {} },
      libraryPort: link.port,
    });
    await linked.announce({ id: 'k', n: 1 });
    link.cutWhenSent('COMMIT');
    await expect(linked.announce({ id: 'k', n: 2 })).rejects.toMatchObject({ kind: 'unavailable' });
    link.cutWhenSent('nothing that anybody sends');
    await linked.announce({ id: 'k', n: 3 });
    await until(async () => (await landscape.effects()).length === 3);
    expect((await landscape.effects()).map(({ n }) => n)).toEqual([1, 2, 3]);
    await link.close();
  });
});
