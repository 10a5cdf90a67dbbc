import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deadline } from '#platform/deadline.ts';
import { MemoryTransport } from './events/memory/memory-transport.ts';
import { pruneAll } from './background/prune.ts';
import { happened, Landscape, until } from './events/testing/landscape.ts';
import { OutboxTable } from './events/outbox-table.ts';
import { InboxTable } from './events/inbox-table.ts';
import { SagaTable } from './sagas/saga-table.ts';

let landscape: Landscape;
beforeEach(async () => {
  landscape = await Landscape.create();
});
afterEach(() => landscape.drop());

describe('what is finished', () => {
  const day = 24 * 3_600_000;

  it('is deleted after its time, in batches; what is not finished stays', async () => {
    const { library, readers } = landscape;
    await library.sql(`
      insert into library.outbox (id, name, version, key, payload, headers, occurred_at, owner, published_at)
      select gen_random_uuid(), 'e', 1, 'k', '{}', '{}', now(), 0, case n % 3 when 0 then null when 1 then now() else now() - interval '8 days' end
      from generate_series(1, 6000) n`);
    await readers.sql(`
      insert into readers.inbox (subscription, event_id, key, position, state, received_at, finished_at)
      select 's', gen_random_uuid(), 'k', n, case n % 3 when 0 then 'dead' when 1 then 'done' else 'done' end, now() - interval '9 days',
        case n % 3 when 0 then null when 1 then now() else now() - interval '8 days' end
      from generate_series(1, 6000) n`);
    await library.sql(`
      insert into library.sagas (name, id, version, state, step, data, wake_at, deadline_at, owner, headers)
      select 's', n::text, 1, case n % 3 when 0 then 'undoing' when 1 then 'undone' else 'completed' end, 0, '{}',
        case n % 3 when 1 then now() else now() - interval '8 days' end, now(), 0, '{}'
      from generate_series(1, 6000) n`);
    const outbox = new OutboxTable(library.database);
    const sagas = new SagaTable(library.database);
    const inbox = new InboxTable(readers.database);
    await pruneAll(
      [outbox, sagas, inbox].map((table) => table.prune.bind(table)),
      7 * day,
    );
    for (const table of ['outbox', 'sagas']) {
      expect((await library.sql(`select count(*)::int from library.${table}`)).rows).toEqual([{ count: 4000 }]);
    }
    expect((await library.sql('select count(*)::int from library.outbox where published_at is null')).rows).toEqual([
      { count: 2000 },
    ]);
    expect(
      (await readers.sql('select state, count(*)::int from readers.inbox group by state order by state')).rows,
    ).toEqual([
      { state: 'dead', count: 2000 },
      { state: 'done', count: 2000 },
    ]);
  });

  it('is still known after a standstill of weeks, since what was delivered and not marked by then comes again', async () => {
    const { readers } = landscape;
    await readers.sql(`
      insert into readers.inbox (subscription, event_id, key, position, state, finished_at)
      select 's', gen_random_uuid(), 'k', n, 'done', now() - interval '20 days' - n * interval '1 day' from generate_series(0, 9) n`);
    const inbox = new InboxTable(readers.database);
    await pruneAll([inbox.prune.bind(inbox)], 7 * day);
    const { rows } = await readers.sql('select position::int from readers.inbox order by position');
    expect(rows.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('is looked for by a schedule of the module', async () => {
    await landscape.start({ transport: new MemoryTransport() });
    const { rows } = await landscape.library.sql('select name from library.schedules');
    expect(rows).toEqual([{ name: 'library.prune-messaging' }]);
  });
});

describe('the messaging of a module', () => {
  it('keeps what is announced before it starts, and delivers it then', async () => {
    const transport = new MemoryTransport();
    const early = await landscape.start({ transport, reactions: { 'readers.a': {} } });
    await early.library.drain(new Deadline(1_000));
    await early.databases.library.transaction(async () => early.library.outbox.add(happened, { id: 'k', n: 1 }));
    await early.stop();
    expect(await landscape.effects()).toEqual([]);
    await landscape.start({ transport: new MemoryTransport(), reactions: { 'readers.a': {} } });
    await until(async () => (await landscape.effects()).length === 1);
  });

  it('tells the metrics how far behind it is and what it gave up', async () => {
    const react = () => Promise.reject(new Error('never'));
    const program = await landscape.start({
      transport: new MemoryTransport(),
      reactions: { 'readers.a': { react }, 'readers.b': {} },
      limits: { attempts: 1 },
    });
    await program.announce({ id: 'k', n: 1 });
    await until(
      async () => (await program.readers.deadLetters.list()).length === 1 && (await landscape.unpublished()) === 0,
    );
    await landscape.library.sql(`
      insert into library.outbox (id, name, version, key, payload, headers, occurred_at, owner)
      select gen_random_uuid(), 'e', 1, 'k', '{}', '{}', now() - interval '90 s', objid::bigint
      from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`);
    const text = await program.metrics.text();
    expect(text).toContain('fissile_dead_letters{messaging_consumer_group_name="readers.a"} 1');
    expect(text).toContain('fissile_dead_letters{messaging_consumer_group_name="readers.b"} 0');
    expect(text).toContain(
      'fissile_event_delivery_failures_total{messaging_consumer_group_name="readers.a",fissile_outcome="dead"} 1',
    );
    expect(text).toContain(
      'fissile_event_delivery_duration_seconds_count{messaging_consumer_group_name="readers.b"} 1',
    );
    expect(text).toContain('fissile_outbox_pending_events{fissile_module="library"} 1');
    expect(text).toMatch(/fissile_outbox_lag_seconds\{fissile_module="library"\} 9\d/);
  });
});
