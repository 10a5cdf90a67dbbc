import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuid } from 'uuid';
import { statementsOf } from '../../../tests/support/statements.ts';
import { tcpLink } from '../../../tests/support/tcp-link.ts';
import { Deadline } from '#platform/deadline.ts';
import type { Envelope } from './envelope.ts';
import { InboxTable } from './inbox-table.ts';
import { Recording } from '../observability/testing/recording.ts';
import { MemoryTransport } from './memory/memory-transport.ts';
import { Landscape, never, type ProgramOptions, until } from './testing/landscape.ts';
import type { Receiver, Subscription, Transport } from './transport.ts';

let landscape: Landscape;
beforeEach(async () => {
  landscape = await Landscape.create();
});
afterEach(() => landscape.drop());

const start = (options: Omit<ProgramOptions, 'transport'>) =>
  landscape.start({ transport: new MemoryTransport(), ...options });
const effects = (count: number) => until(async () => (await landscape.effects()).length >= count);
const patient = { sweep: 60_000 };

describe('a reaction', () => {
  it('follows its event at once, without anybody looking for it', async () => {
    let arrived = 0;
    const program = await start({ reactions: { 'readers.a': { react: () => void arrived++ } }, limits: patient });
    for (let n = 0; n < 40; n++) {
      await program.announce({ id: `k${n}`, n });
      await until(() => arrived > n);
    }
    expect(arrived).toBe(40);
  });

  it('to an event that the broker has delivered before is linked to where that comes from', async () => {
    class Forgetful extends MemoryTransport {
      override subscribe(subscription: Subscription, receive: Receiver): void {
        super.subscribe(subscription, (envelope) => receive(envelope, true));
      }
    }
    const spans = async (transport: Transport) => {
      const tracing = new Recording();
      const program = await landscape.start({ transport, tracing, reactions: { 'readers.a': {} }, limits: patient });
      await program.announce({ id: 'k', n: 1 });
      await until(() => tracing.named('process library.happened').length > 0);
      const [published] = tracing.named('publish library.happened');
      const [processed] = tracing.named('process library.happened');
      await program.stop();
      return { published, processed };
    };
    const fresh = await spans(new MemoryTransport());
    expect(fresh.processed!.start.links).toBeUndefined();
    const again = await spans(new Forgetful());
    const { traceId, spanId } = again.published!;
    expect(again.processed).toMatchObject({ traceId, parent: spanId, start: { links: [{ traceId, spanId }] } });
  });

  it('shares one transaction with its inbox row, which costs it one statement', async () => {
    const program = await start({ reactions: { 'readers.a': {} }, limits: patient });
    const statements = await statementsOf(program.databases.readers, async () => {
      await program.announce({ id: 'k', n: 1 });
      await effects(1);
    });
    const [begin, inbox, own, commit] = [1, 1, 1, 1];
    expect(statements).toHaveLength(begin + inbox + own + commit);
  });

  it('that hangs is given up, tried again, and cannot write any more', async () => {
    const late = Promise.withResolvers<void>();
    const results: string[] = [];
    const program = await start({
      reactions: {
        'readers.a': {
          react: async (_, { attempt }) => {
            if (attempt > 1) return;
            await late.promise;
            await program.databases.readers.query("insert into effects (subscription) values ('too late')").then(
              () => results.push('written'),
              () => results.push('refused'),
            );
          },
        },
      },
      limits: { reactionTimeout: 100 },
    });
    await program.announce({ id: 'k', n: 1 });
    await effects(1);
    late.resolve();
    await until(() => results.length > 0);
    expect(results).toEqual(['refused']);
    expect(await landscape.effects()).toMatchObject([{ subscription: 'readers.a', n: 1, attempt: 2 }]);
  });

  it('that hangs for every event leaves room for the others of its module', async () => {
    const program = await start({
      reactions: { 'readers.hanging': { react: () => never }, 'readers.a': {} },
      limits: { deliveries: 4 },
    });
    await program.announce(...Array.from({ length: 20 }, (_, n) => ({ id: `k${n}`, n })));
    await effects(20);
    expect(new Set((await landscape.effects()).map(({ subscription }) => subscription))).toEqual(
      new Set(['readers.a']),
    );
  });

  it('runs as often at once as its module may, and not more', async () => {
    let underWay = 0;
    let most = 0;
    const react = async () => {
      most = Math.max(most, ++underWay);
      await sleep(10);
      underWay--;
    };
    const program = await start({ reactions: { 'readers.a': { react } }, limits: { deliveries: 3 } });
    await program.announce(...Array.from({ length: 30 }, (_, n) => ({ id: `k${n}`, n })));
    await effects(30);
    expect(most).toBe(3);
  });

  it('that fails does not run for later events with its key until it succeeded', async () => {
    let broken = true;
    const ran: number[] = [];
    const react = ({ n }: { n: number }) => {
      ran.push(n);
      if (broken) throw new Error('not yet');
    };
    const program = await start({ reactions: { 'readers.a': { react } }, limits: { attempts: 1_000 } });
    for (let n = 1; n <= 5; n++) await program.announce({ id: 'k', n });
    await until(async () => (await landscape.inbox()).length === 5 && ran.length > 3);
    expect(new Set(ran)).toEqual(new Set([1]));
    expect(await landscape.unpublished()).toBe(0);
    broken = false;
    await effects(5);
    expect((await landscape.effects()).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(await program.metrics.text()).toMatch(
      /fissile_event_delivery_failures_total\{messaging_consumer_group_name="readers.a",fissile_outcome="retried"\} \d+/,
    );
  });

  it('that succeeds at last is followed at once by those that waited for it', async () => {
    const react = ({ n }: { n: number }, { attempt }: { attempt: number }) => {
      if (n === 1 && attempt < 3) throw new Error('not yet');
    };
    const program = await start({ reactions: { 'readers.a': { react } }, limits: patient });
    await program.announce(...Array.from({ length: 10 }, (_, n) => ({ id: 'k', n: n + 1 })));
    await effects(10);
    expect((await landscape.effects()).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('of another version of the program than the one that failed is not forgotten silently', async () => {
    const failing = { react: () => Promise.reject(new Error('not yet')) };
    const never = { firstPause: 1e9, longestPause: { delivery: 1e9, step: 1, undo: 1 } };
    const before = await start({ reactions: { 'readers.old-name': failing }, limits: never });
    await before.announce({ id: 'k', n: 1 });
    await until(async () => (await landscape.inbox()).length === 1);
    await before.stop();
    const warnings: unknown[] = [];
    const logger = {
      debug() {},
      info() {},
      warn: (message: string, fields: unknown) => void warnings.push([message, fields]),
      error() {},
    };
    await start({ reactions: { 'readers.new-name': {} }, logger });
    await until(() => warnings.length > 0);
    expect(warnings[0]).toEqual([
      'Deliveries wait for a reaction that is not here any more.',
      { subscription: 'readers.old-name', count: 1 },
    ]);
  });
});

describe('deliveries that wait for their next try', () => {
  it('are tried by another instance when theirs dies', async () => {
    const dying = await start({
      reactions: { 'readers.a': { react: () => Promise.reject(new Error('not here')) } },
      limits: { attempts: 1_000 },
    });
    await dying.announce({ id: 'k', n: 1 }, { id: 'k', n: 2 });
    await until(async () => (await landscape.inbox()).length === 2);
    await dying.crash();
    await start({ reactions: { 'readers.a': {} } });
    await effects(2);
    expect((await landscape.effects()).map(({ n }) => n)).toEqual([1, 2]);
  });

  it('are tried by one of several instances at a time', async () => {
    let underWay = 0;
    let most = 0;
    const react = async (_: unknown, { attempt }: { attempt: number }) => {
      most = Math.max(most, ++underWay);
      await sleep(20);
      underWay--;
      if (attempt < 10) throw new Error('not yet');
    };
    const reactions = { 'readers.a': { react } };
    const limits = { attempts: 20, sweep: 10 };
    const [first] = [
      await start({ reactions, limits }),
      await start({ reactions, limits }),
      await start({ reactions, limits }),
    ];
    await first!.announce({ id: 'k', n: 1 });
    await until(async () => (await landscape.effects()).length > 0);
    await sleep(50);
    expect(most).toBe(1);
    expect(await landscape.effects()).toMatchObject([{ attempt: 10 }]);
  });

  it('are not tried before an earlier one with their key, whatever their time says', async () => {
    const inbox = new InboxTable(landscape.readers.database);
    const [first, second] = [1, 2].map((position) => ({ id: uuid(), key: 'k', position }) as Envelope) as [
      Envelope,
      Envelope,
    ];
    await inbox.insertFailed('readers.a', first, { attempts: 1, error: 'x', pause: 60_000 });
    await inbox.insertFailed('readers.a', second, { attempts: 1, error: 'x', pause: 0 });
    const held = (eventId: string) =>
      landscape.readers.database.transaction(() => inbox.hold({ subscription: 'readers.a', eventId, key: 'k' }));
    await until(async () => (await inbox.due(['readers.a'], 10)).length === 1);
    expect(await held(second.id)).toBeUndefined();
    await inbox.finish({ subscription: 'readers.a', eventId: first.id, key: 'k' });
    expect(await held(second.id)).toMatchObject({ eventId: second.id });
  });

  it('go on even if a crash came between the end of one and the turn of the next', async () => {
    let broken = true;
    const react = ({ n }: { n: number }) => {
      if (broken && n === 1) throw new Error('not yet');
    };
    const dying = await start({ reactions: { 'readers.a': { react } }, limits: { attempts: 1_000 } });
    await dying.announce({ id: 'k', n: 1 }, { id: 'k', n: 2 });
    await until(async () => (await landscape.inbox()).length === 2 && (await landscape.unpublished()) === 0);
    await dying.crash();
    await sleep(50);
    await landscape.readers.sql('delete from readers.inbox where position = (select min(position) from readers.inbox)');
    broken = false;
    await start({ reactions: { 'readers.a': {} } });
    await effects(1);
    expect((await landscape.effects()).map(({ n }) => n)).toEqual([2]);
  });
});

describe('while the database goes away and comes back', () => {
  const events = Array.from({ length: 200 }, (_, n) => ({ id: `k${n % 20}`, n }));
  const byKey = (all: readonly { id: string; n: number }[]) =>
    Object.groupBy(
      all.map(({ id, n }) => ({ id, n })),
      ({ id }) => id,
    );
  const outcome = async () => {
    await until(async () => (await landscape.unpublished()) === 0);
    await effects(200);
    return byKey(await landscape.effects());
  };

  it('for a moment, every event takes effect once and in order', async () => {
    const program = await start({ reactions: { 'readers.a': {} } });
    await program.announce(...events);
    await sleep(20);
    await landscape.cutConnections();
    expect(await outcome()).toEqual(byKey(events));
  });

  it('for a while, every event takes effect once and in order', async () => {
    const link = await tcpLink(landscape.readers.connection);
    const program = await start({ reactions: { 'readers.a': {} }, readersPort: link.port });
    link.refuse();
    link.breakAll();
    await program.announce(...events);
    await sleep(500);
    expect(await landscape.inbox()).toEqual([]);
    link.accept();
    expect(await outcome()).toEqual(byKey(events));
    await link.close();
  });
});

describe('a program that is asked to stop', () => {
  it('finishes the deliveries under way', async () => {
    const react = () => sleep(50);
    const program = await start({ reactions: { 'readers.a': { react } } });
    await program.announce(...Array.from({ length: 6 }, (_, n) => ({ id: `k${n}`, n })));
    await program.readers.drain(new Deadline(60_000));
    expect(await landscape.effects()).toHaveLength(6);
    await program.stop();
    expect(await landscape.unpublished()).toBe(0);
  });

  it('does not wait longer than it was given, and leaves nothing behind but what the next one finds', async () => {
    const program = await start({ reactions: { 'readers.a': { react: () => never } } });
    await program.announce({ id: 'k', n: 1 });
    const begun = performance.now();
    await Promise.all([program.library.drain(new Deadline(100)), program.readers.drain(new Deadline(100))]);
    // A reaction may take thirty seconds.
    expect(performance.now() - begun).toBeLessThan(20_000);
    await program.crash();
    await start({ reactions: { 'readers.a': {} } });
    await effects(1);
  });
});
