/** Whatever fails, hangs or dies: every event takes effect once for every subscription, in the order of its key. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryTransport } from './memory/memory-transport.ts';
import { Landscape, never, type TestProgram, until } from './testing/landscape.ts';

const outcomes = ['ok', 'ok', 'ok', 'ok', 'ok', 'fails', 'fails after a while', 'hangs', 'is slow'] as const;
const disaster = fc.record({
  after: fc.integer({ min: 1, max: 120 }),
  kind: fc.constantFrom('crash', 'ownership lost', 'connections cut'),
});
const plan = fc.record({
  instances: fc.integer({ min: 1, max: 3 }),
  /** Which key each event has, and which instance announces it. */
  events: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(2)), { minLength: 10, maxLength: 80 }),
  /** The outcomes of the first tries of reactions, whichever they are; later ones are `ok`. */
  reactions: fc.array(fc.constantFrom(...outcomes), { maxLength: 30 }),
  disasters: fc.array(disaster, { maxLength: 4 }),
  memory: fc.constantFrom(3, 1_000),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

let landscape: Landscape;
beforeAll(async () => {
  landscape = await Landscape.create();
});
afterAll(() => landscape.drop());

it('every event takes effect once for every subscription, in the order of its key', { timeout: 300_000 }, async () => {
  // Time plays a part, so a shrunk example would not fail for the same reason.
  const effort = { numRuns: Number(process.env.DELIVERY_PROPERTY_RUNS ?? 10), endOnFailure: true };
  await fc.assert(fc.asyncProperty(plan, keepsItsPromise), effort);
});

async function keepsItsPromise({ instances, events, reactions, disasters, memory }: Plan): Promise<void> {
  await landscape.readers.sql('truncate readers.inbox, readers.effects');
  await landscape.library.sql('truncate library.outbox');
  const outcomesToCome = [...reactions];
  const react = async () => {
    const outcome = outcomesToCome.shift();
    if (outcome === 'fails') throw new Error('not now');
    if (outcome === 'hangs') await never;
    if (outcome === 'is slow' || outcome === 'fails after a while') await sleep(30);
    if (outcome === 'fails after a while') throw new Error('not now either');
  };
  const start = () =>
    landscape.start({
      transport: new MemoryTransport(),
      reactions: { 'readers.a': { react }, 'readers.b': {} },
      limits: { attempts: 1_000, reactionTimeout: 60, sweep: 30, eventsInMemory: memory },
    });

  const programs: TestProgram[] = await Promise.all(Array.from({ length: instances }, start));
  const announcing = (async () => {
    for (const [n, [id, instance]] of events.entries()) {
      // In a disaster nobody knows whether it was stored; the outbox will tell.
      await programs[instance % instances]!.announce({ id, n }).catch(() => {});
    }
  })();
  for (const { after, kind } of disasters) {
    await sleep(after);
    if (kind === 'ownership lost') await landscape.cutOwnership();
    if (kind === 'connections cut') await landscape.cutConnections();
    if (kind === 'crash') {
      const dying = programs[0]!;
      programs[0] = await start();
      await dying.crash();
    }
  }
  await announcing;

  const { rows } = await landscape.library.sql('select payload from library.outbox order by position');
  const stored: { id: string; n: number }[] = rows.map(({ payload }) => payload);
  const everythingIsDone = async () => {
    const done = (await landscape.inbox()).filter(({ state }) => state === 'done');
    return done.length === 2 * stored.length && (await landscape.unpublished()) === 0;
  };
  await until(everythingIsDone);
  await Promise.all(programs.map((program) => program.stop()));

  const seen = await landscape.effects();
  for (const subscription of ['readers.a', 'readers.b']) {
    for (const key of ['a', 'b', 'c']) {
      const ofKey = (all: readonly { id: string; n: number }[]) => all.filter(({ id }) => id === key).map(({ n }) => n);
      expect(ofKey(seen.filter((effect) => effect.subscription === subscription)), `${subscription}, ${key}`).toEqual(
        ofKey(stored),
      );
    }
  }
}
