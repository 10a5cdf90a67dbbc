/** The audit log on PostgreSQL, and its twin of unit tests. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Audit, type AuditEntry, commandLine, recordedActs } from '#platform/audit.ts';
import { backgroundContext, CallContext, type Origin, runInContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import type { Transaction } from '#platform/transaction.ts';
import { libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { auditClient, auditEndpoints } from './audit-endpoints.ts';
import { type AuditFilter, AuditLog } from './audit-log.ts';
import { personalTraces } from '../tables/personal-traces.ts';

const ada = '0198f5f0-0000-7000-8000-00000000000a';
const bob = '0198f5f0-0000-7000-8000-00000000000b';
const office: Origin = { network: '192.0.2.1', userAgent: 'Browser' };
const LibraryErrors = errors('library', {
  lastBook: ['conflict', 'This is the last book.'],
  closed: ['unavailable', 'The library is closed.'],
});

function asked(by: string | undefined, origin: Origin | undefined, application?: string): CallContext {
  const { deadline, trace } = backgroundContext('request-1', 1_000);
  const principal =
    by === undefined
      ? undefined
      : {
          userId: by,
          sessionId: by,
          roles: ['admin'],
          ...(application && { application: { id: application, scopes: [] } }),
        };
  return new CallContext({ deadline, requestId: 'request-1', trace, origin, principal });
}

interface Log {
  readonly transaction: Transaction;
  readonly audit: Audit;
  stored(): Promise<Partial<AuditEntry>[]>;
}

let library: TestDatabase;
beforeAll(async () => {
  library = await libraryDatabase();
});
afterAll(() => library.drop());
beforeEach(async () => {
  await library.sql(
    'SET session_replication_role = replica; TRUNCATE library.audit_log; SET session_replication_role = origin',
  );
});

function auditSuite(open: () => Log): void {
  it('keeps who did what to whom, from where, and with which outcome', async () => {
    const { audit, transaction, stored } = open();
    await runInContext(asked(ada, office), () =>
      transaction(async () =>
        audit.add({ act: 'library.lend', target: bob, outcome: 'done', details: { books: ['Ulysses'], days: 7 } }),
      ),
    );
    expect(await stored()).toEqual([
      {
        act: 'library.lend',
        outcome: 'done',
        actorKind: 'person',
        actor: ada,
        application: null,
        network: '192.0.2.1',
        userAgent: 'Browser',
        target: bob,
        details: { books: ['Ulysses'], days: 7 },
        requestId: 'request-1',
      },
    ]);
  });

  it('tells people, applications, machines, the command line, the program and strangers apart', async () => {
    const { audit, transaction, stored } = open();
    const add = (context: CallContext, actor?: string) =>
      runInContext(context, () => transaction(async () => audit.add({ act: 'library.look', outcome: 'done', actor })));
    await add(asked(undefined, office), bob);
    await add(asked(undefined, { network: commandLine, userAgent: 'root' }));
    await add(asked(undefined, undefined));
    await add(asked(undefined, office));
    await add(asked(ada, office, 'a shop of theirs'));
    await add(asked('a robot', office, 'a robot'));
    expect((await stored()).map(({ actorKind, actor, application }) => [actorKind, actor, application])).toEqual([
      ['person', bob, null],
      ['operator', null, null],
      ['program', null, null],
      ['nobody', null, null],
      ['person', ada, 'a shop of theirs'],
      ['machine', 'a robot', 'a robot'],
    ]);
  });

  it('joins the transaction of the act, and refuses to be without one', async () => {
    const { audit, transaction, stored } = open();
    const failing = transaction(async () => {
      audit.add({ act: 'library.lend', outcome: 'done' });
      throw new Error('changed our mind');
    });
    await expect(failing).rejects.toThrow('changed our mind');
    expect(() => audit.add({ act: 'library.lend', outcome: 'done' })).toThrow('transaction');
    expect(await stored()).toEqual([]);
  });

  it('records what was done and what was refused, and nothing of what was never decided', async () => {
    const { audit, transaction, stored } = open();
    const recorded = recordedActs(transaction, audit);
    expect(await recorded({ act: 'library.lend', target: 'one' }, async () => 'lent')).toBe('lent');
    const sell = recorded({ act: 'library.sell', target: 'one' }, async () => {
      audit.add({ act: 'library.part', outcome: 'done' });
      throw LibraryErrors.lastBook();
    });
    await expect(sell).rejects.toMatchObject({ code: 'library.last-book' });
    for (const error of [LibraryErrors.closed(), new Error('a bug')])
      await expect(
        recorded({ act: 'library.lend' }, async () => {
          throw error;
        }),
      ).rejects.toBe(error);
    expect((await stored()).map(({ act, outcome, details }) => [act, outcome, details ?? null])).toEqual([
      ['library.lend', 'done', null],
      ['library.sell', 'refused', { reason: 'library.last-book' }],
    ]);
  });
}

describe('the audit log in memory', () => {
  auditSuite(() => {
    const audit = new InMemoryAudit();
    return { audit, transaction: inMemoryTransaction(), stored: async () => audit.entries };
  });
});

describe('the audit log on PostgreSQL', () => {
  auditSuite(() => ({
    audit: new AuditLog(library.database),
    transaction: (work) => library.database.transaction(work),
    stored: async () =>
      (
        await library.sql(
          `SELECT act, outcome, actor_kind AS "actorKind", actor, application, network, user_agent AS "userAgent", target, details, request_id AS "requestId"
           FROM library.audit_log ORDER BY position`,
        )
      ).rows,
  }));

  const insert = (fields: { actor?: string; target?: string; at?: string }) =>
    library.sql(
      `INSERT INTO library.audit_log (at, act, outcome, actor_kind, actor, network, user_agent, target)
       VALUES (coalesce($1::timestamptz, now()), 'library.lend', 'done', 'person', $2, '192.0.2.1', 'Browser', $3)`,
      [fields.at, fields.actor, fields.target],
    );
  const rows = async () =>
    (await library.sql('SELECT act, actor, network, user_agent, target FROM library.audit_log ORDER BY position')).rows;

  it.each([
    'UPDATE audit_log SET act = $$library.nothing$$',
    `UPDATE audit_log SET actor = '${bob}'`,
    `UPDATE audit_log SET at = at - interval '10 years'`,
    'UPDATE audit_log SET target = $$somebody else$$',
    'UPDATE audit_log SET user_agent = user_agent || $$!$$',
    'DELETE FROM audit_log',
    'TRUNCATE audit_log',
  ])('only grows: %s is refused', async (statement) => {
    await insert({ actor: ada, target: bob });
    await expect(library.database.query(statement)).rejects.toThrow(/only grows/);
    expect(await rows()).toHaveLength(1);
  });

  it('is kept for as long as is set, and not longer', async () => {
    const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
    await insert({ actor: ada, at: daysAgo(401) });
    await insert({ actor: bob, at: daysAgo(399) });
    await new AuditLog(library.database).prune();
    expect((await rows()).map(({ actor }) => actor)).toEqual([bob]);
  });

  it('keeps the acts of an erased person and on them, forgets who it was, and says so', async () => {
    await insert({ actor: ada, target: bob });
    await insert({ actor: bob, target: ada });
    await insert({ actor: bob, target: bob });
    await insert({ target: ada });
    await personalTraces(library.database).forget(ada);
    const lend = { act: 'library.lend', network: null, user_agent: null };
    const seen = { network: '192.0.2.1', user_agent: 'Browser' };
    expect(await rows()).toEqual([
      { ...lend, actor: null, target: bob },
      { ...lend, ...seen, actor: bob, target: null },
      { ...lend, ...seen, actor: bob, target: bob },
      { ...lend, actor: null, target: null },
      { act: 'platform.forget-person', actor: null, network: null, user_agent: null, target: null },
    ]);
    await personalTraces(library.database).forget(ada);
    expect(await rows(), 'there is nothing more to forget').toHaveLength(5);
  });

  it('is read by who, whom, act and time, page by page, and in both directions', async () => {
    for (let number = 0; number < 5; number++)
      await insert({ actor: number % 2 ? ada : bob, target: `book-${number}`, at: `2030-01-0${number + 1}T00:00:00Z` });
    const log = new AuditLog(library.database);
    const targets = async (filter: AuditFilter, order: 'asc' | 'desc', limit = 10, beyond?: string) =>
      (await log.list(filter, { order, limit, beyond })).map(({ target }) => target);
    expect(await targets({}, 'desc')).toEqual(['book-4', 'book-3', 'book-2', 'book-1', 'book-0']);
    expect(await targets({ actor: ada }, 'asc')).toEqual(['book-1', 'book-3']);
    expect(await targets({ target: 'book-2', act: 'library.lend' }, 'asc')).toEqual(['book-2']);
    expect(await targets({ act: 'library.sell' }, 'asc')).toEqual([]);
    expect(await targets({ from: '2030-01-02T00:00:00Z', to: '2030-01-04T00:00:00Z' }, 'asc')).toEqual([
      'book-1',
      'book-2',
    ]);
    const client = auditClient(log);
    const first = await client.listAuditEntries({ actor: bob, limit: 2 });
    expect(first.data.map(({ target }) => target)).toEqual(['book-4', 'book-2']);
    const { data, nextCursor } = await client.listAuditEntries({ actor: bob, limit: 2, cursor: first.nextCursor! });
    expect(data).toMatchObject([{ target: 'book-0', at: '2030-01-01T00:00:00.000Z', actorKind: 'person', actor: bob }]);
    expect(nextCursor).toBeNull();
    expect((await client.pageOfAuditLog({ after: first.data[1]!.id })).data.map(({ target }) => target)).toEqual([
      'book-3',
      'book-4',
    ]);
  });

  it('is exported whole, however long it is', async () => {
    await library.sql(
      `INSERT INTO library.audit_log (act, outcome, actor_kind) SELECT 'library.lend', 'done', 'program' FROM generate_series(1, 1200)`,
    );
    const log = new AuditLog(library.database);
    const [, exported] = auditEndpoints('library');
    const { stream } = await exported!.handle({ query: {} } as never, auditClient(log) as never);
    const ids: number[] = [];
    for await (const page of stream as AsyncIterable<{ id: string }[]>) ids.push(...page.map(({ id }) => Number(id)));
    expect(ids).toHaveLength(1_200);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });
});
