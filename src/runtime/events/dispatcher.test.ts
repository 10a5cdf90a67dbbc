import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { v7 as uuid } from 'uuid';
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { Dispatcher } from './dispatcher.ts';
import type { Envelope } from './envelope.ts';
import { Recording } from '../observability/testing/recording.ts';
import type { Tracing } from '../observability/spans.ts';
import { OutboxTable, type Stored } from './outbox-table.ts';
import { Ownership } from '../background/ownership.ts';
import { never, until } from './testing/landscape.ts';
import { Transport } from './transport.ts';

/** Shows what it was given, and says when that is safe. */
class VisibleTransport extends Transport {
  readonly system = 'memory';
  readonly reachesOtherProcesses = false;
  readonly published: string[] = [];
  safe: Promise<void> = Promise.resolve();
  heard: (what: string) => void = () => {};

  subscribe(): void {}

  async publish({ payload }: Envelope): Promise<void> {
    const { what } = payload as { what: string };
    this.published.push(what);
    this.heard(what);
    await this.safe;
  }

  broadcast(): void {}

  onBroadcast(): void {}

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}

interface Instance {
  readonly dispatcher: Dispatcher;
  readonly transport: VisibleTransport;
  readonly ownership: Ownership;
}

/** The trace that committed events come from. */
let sender = '';
let test: TestDatabase;
let table: OutboxTable;
const started: Instance[] = [];

beforeEach(async () => {
  sender = '';
  test = await libraryDatabase();
  table = new OutboxTable(test.database);
});
afterEach(async () => {
  for (const { dispatcher, ownership } of started.splice(0)) {
    dispatcher.stop();
    await ownership.stop();
  }
  await test.drop();
});

async function start(capacity = 1_000, outbox = table, tracing?: Tracing): Promise<Instance> {
  const transport = new VisibleTransport();
  const ownership = new Ownership(test.connection, 'library', silentLogger);
  await ownership.start();
  const dispatcher = new Dispatcher(outbox, transport, ownership, capacity, silentLogger, tracing);
  dispatcher.open();
  const instance = { dispatcher, transport, ownership };
  started.push(instance);
  return instance;
}

/** Commits events in one transaction; what the instance then learns of it is up to the test. */
async function commit({ dispatcher }: Instance, ...events: [key: string, what: string][]): Promise<() => void> {
  const headers = { traceparent: sender, requestId: '' };
  const common = { name: 'library.happened', version: 1, occurredAt: new Date().toISOString() };
  const fresh = events.map(([key, what]) => ({ ...common, id: uuid(), key, payload: { what } }));
  let stored: Stored[] = [];
  await test.database.transaction(async () => {
    stored = await table.insert(fresh, headers, dispatcher.ownerOfNew());
  });
  return () =>
    dispatcher.committed(
      fresh.map((event, index) => ({ ...event, headers, position: stored[index]!.position })),
      stored,
    );
}

const unpublished = async () =>
  Number((await test.sql('select count(*) from library.outbox where published_at is null')).rows[0].count);

describe('after a commit', () => {
  it('events go out at once, and are marked together', async () => {
    let marks = 0;
    const counting = new OutboxTable(test.database);
    const markPublished: OutboxTable['markPublished'] = (...events) => (marks++, table.markPublished(...events));
    const instance = await start(1_000, Object.assign(counting, { markPublished }));
    const told: (() => void)[] = [];
    for (let n = 0; n < 20; n++) told.push(await commit(instance, ['k', `${n}`]));
    for (const tell of told) tell();
    expect(instance.transport.published).toHaveLength(20);
    await until(async () => (await unpublished()) === 0);
    expect(marks, 'not one for each').toBe(1);
  });

  it('an event waits for the one with its key that committed before it but is heard of later', async () => {
    const instance = await start();
    instance.transport.safe = never;
    const first = await commit(instance, ['k', 'first']);
    const second = await commit(instance, ['k', 'second'], ['other', 'unrelated']);
    second();
    expect(instance.transport.published).toEqual(['unrelated']);
    first();
    expect(instance.transport.published).toEqual(['unrelated', 'first', 'second']);
  });

  it('does not wait for an event that was marked while the answer was on its way', async () => {
    const instance = await start();
    const first = await commit(instance, ['k', 'first']);
    const second = await commit(instance, ['k', 'second']);
    first();
    await until(async () => (await unpublished()) === 1);
    second();
    expect(instance.transport.published).toEqual(['first', 'second']);
  });
});

describe('a sweep', () => {
  it('finds what was committed without an answer, and keeps its place in the order', async () => {
    const instance = await start();
    await commit(instance, ['k', 'first']);
    (await commit(instance, ['k', 'second']))();
    expect(instance.transport.published).toEqual([]);
    await instance.dispatcher.sweep();
    expect(instance.transport.published).toEqual(['first', 'second']);
    await until(async () => (await unpublished()) === 0);
  });

  it('takes over from the dead, and from the dead only', async () => {
    const [dead, alive, sweeping] = [await start(), await start(), await start()];
    await commit(dead, ['a', 'of the dead']);
    await commit(alive, ['b', 'of the living']);
    await sweeping.dispatcher.sweep();
    expect(sweeping.transport.published).toEqual([]);
    await dead.ownership.stop();
    await until(async () => {
      await sweeping.dispatcher.sweep();
      return sweeping.transport.published.length > 0;
    });
    expect(sweeping.transport.published).toEqual(['of the dead']);
  });

  it('leaves an event alone while an earlier one with its key is with a living instance', async () => {
    const [one, two] = [await start(), await start()];
    const safe = Promise.withResolvers<void>();
    one.transport.safe = safe.promise;
    (await commit(one, ['k', 'first']))();
    (await commit(two, ['k', 'second'], ['other', 'unrelated']))();
    (await commit(one, ['k', 'third']))();
    expect([...one.transport.published, ...two.transport.published]).toEqual(['first', 'unrelated']);
    await two.dispatcher.sweep();
    expect(two.transport.published).toEqual(['unrelated']);
    safe.resolve();
    await until(async () => {
      await two.dispatcher.sweep();
      return two.transport.published.length === 3;
    });
    expect(two.transport.published).toEqual(['unrelated', 'second', 'third']);
  });

  it('by several instances at once keeps the order of a key among all of them', async () => {
    const dead = await start();
    for (let n = 0; n < 100; n++) await commit(dead, ['k', `${n}`], [`other-${n}`, 'unrelated']);
    await dead.ownership.stop();
    const instances = [await start(10), await start(60), await start(30)];
    const together: string[] = [];
    for (const { transport } of instances) transport.heard = (what) => together.push(what);
    await until(async () => {
      await Promise.all(instances.map(({ dispatcher }) => dispatcher.sweep()));
      return (await unpublished()) === 0;
    });
    expect(together).toHaveLength(200);
    const ofKey = together.filter((what) => what !== 'unrelated').map(Number);
    expect(ofKey).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});

describe('in traces', () => {
  const place = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  const from = (flags: string) => `00-${place.traceId}-${place.spanId}-${flags}`;
  const marked = () => until(async () => (await unpublished()) === 0);

  it('an event that a sweep has found is linked to where it comes from, besides being part of it', async () => {
    const tracing = new Recording();
    const instance = await start(1_000, table, tracing);
    sender = from('01');
    (await commit(instance, ['k', 'at once']))();
    await commit(instance, ['other', 'late']);
    await instance.dispatcher.sweep();
    await marked();
    const published = tracing.named('publish library.happened');
    expect(published).toMatchObject([
      { traceId: place.traceId, parent: place.spanId },
      { traceId: place.traceId, parent: place.spanId, start: { links: [place] } },
    ]);
    expect(published[0]!.start.links).toBeUndefined();
  });

  it('marking is a trace of its own, linked to those of the events, and nothing where none of them is recorded', async () => {
    const tracing = new Recording();
    const instance = await start(1_000, table, tracing);
    sender = from('00');
    (await commit(instance, ['k', 'not recorded']))();
    await marked();
    const marks = () => tracing.named('mark events as published');
    expect(marks()).toEqual([]);
    sender = from('01');
    (await commit(instance, ['k', 'recorded']))();
    await until(() => marks().length > 0);
    expect(marks()).toMatchObject([{ parent: undefined, start: { links: [place] } }]);
    const statement = tracing.named('UPDATE outbox').find(({ parent }) => parent === marks()[0]!.spanId);
    expect(statement).toMatchObject({ traceId: marks()[0]!.traceId });
  });
});

describe('more events than memory is meant for', () => {
  it('wait in the table, in order, and follow when there is room', async () => {
    const instance = await start(10);
    const safe = Promise.withResolvers<void>();
    instance.transport.safe = safe.promise;
    for (let n = 0; n < 50; n++) (await commit(instance, ['k', `${n}`]))();
    await instance.dispatcher.sweep();
    expect(instance.transport.published).toHaveLength(10);
    safe.resolve();
    await until(async () => (await unpublished()) === 0);
    expect(instance.transport.published).toEqual(Array.from({ length: 50 }, (_, n) => `${n}`));
  });
});

describe('stopping', () => {
  it('leaves to the next instance what could not be marked any more, and does not go on trying', async () => {
    const marking = Promise.withResolvers<void>();
    let tries = 0;
    const markPublished = () => (tries++, marking.promise);
    const instance = await start(1_000, Object.assign(new OutboxTable(test.database), { markPublished }));
    (await commit(instance, ['k', 'first']))();
    await until(() => tries === 1);
    instance.dispatcher.stop();
    marking.reject(new Error('The database was closed.'));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(tries).toBe(1);
  });
});
