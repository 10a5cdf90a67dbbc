/** Whatever fails, hangs, gets lost, is cancelled or crashes: a saga has happened entirely or not at all. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { errors } from '#platform/errors.ts';
import { never } from '../events/testing/landscape.ts';
import { saga, type Step } from '#platform/sagas.ts';
import { Instances, type Instance, type StepTools } from './testing/instances.ts';

const WorldErrors = errors('world', {
  refused: ['conflict', 'No.'],
  undone: ['conflict', 'This was undone already.'],
  away: ['unavailable', 'Nobody there.'],
});
const journey = saga('world.journey', 1, z.object({ plan: z.int() }));
type Data = z.output<typeof journey.data>;

/** `lost`: it happened, but the answer did not arrive. `late`: it happens after nobody waits for it any more. */
const runOutcomes = ['ok', 'refused', 'away', 'lost', 'hangs', 'hangs after', 'late'] as const;
const undoOutcomes = ['ok', 'away', 'lost', 'hangs', 'hangs after'] as const;

interface StepPlan {
  readonly local: boolean;
  /** The outcomes of the first tries; the ones after those are `ok`. */
  readonly run: readonly (typeof runOutcomes)[number][];
  readonly undo: readonly (typeof undoOutcomes)[number][];
}

const stepPlan: fc.Arbitrary<StepPlan> = fc.record({
  local: fc.boolean(),
  run: fc.array(fc.constantFrom('ok' as const, 'ok' as const, ...runOutcomes), { maxLength: 3 }),
  undo: fc.array(fc.constantFrom(...undoOutcomes), { maxLength: 2 }),
});
const sagaPlan = fc.record({
  steps: fc.array(stepPlan, { minLength: 1, maxLength: 4 }),
  /** Milliseconds after the start. */
  cancelledAfter: fc.option(fc.integer({ min: 0, max: 150 }), { freq: 3 }),
});
const disaster = fc.record({
  after: fc.integer({ min: 5, max: 150 }),
  kind: fc.constantFrom('crash', 'ownership lost', 'connections cut'),
});
const plan = fc.record({
  sagas: fc.array(sagaPlan, { minLength: 4, maxLength: 10 }),
  disasters: fc.array(disaster, { maxLength: 3 }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

const timeouts = { stepTimeout: 60, firstPause: 2, longestPause: { delivery: 10, step: 10, undo: 10 }, sweep: 30 };
const deadline = 700;

/** Where remote steps take effect: once for a key, and not any more once it was undone. */
class World {
  readonly #done = new Set<string>();
  readonly #undone = new Set<string>();
  /** In the order it was taken back. */
  readonly takenBack: string[] = [];

  do(key: string): void {
    if (this.#undone.has(key)) throw WorldErrors.undone();
    this.#done.add(key);
  }

  undo(key: string): void {
    if (this.#done.delete(key)) this.takenBack.push(key);
    this.#undone.add(key);
  }

  has(key: string): boolean {
    return this.#done.has(key);
  }
}

async function misbehave(outcome: (typeof runOutcomes)[number], effect: () => void | Promise<void>): Promise<void> {
  if (outcome === 'refused') throw WorldErrors.refused();
  if (outcome === 'away') throw WorldErrors.away();
  if (outcome === 'hangs') await never;
  if (outcome === 'late') await sleep(timeouts.stepTimeout * 2);
  await effect();
  if (outcome === 'lost') throw new Error('connection reset');
  if (outcome === 'hangs after') await never;
}

let instances: Instances;
beforeAll(async () => {
  instances = await Instances.create();
});
afterAll(() => instances.drop());

let runs = 0;

it('a saga happens entirely, or each step that was done is undone in reverse order', { timeout: 300_000 }, async () => {
  // Time plays a part, so a shrunk example would not fail for the same reason.
  const effort = { numRuns: Number(process.env.SAGA_PROPERTY_RUNS ?? 10), endOnFailure: true };
  await fc.assert(fc.asyncProperty(plan, keepsItsPromise), effort);
});

async function keepsItsPromise({ sagas, disasters }: Plan): Promise<void> {
  const world = new World();
  const run = ++runs;
  const idOf = (index: number) => `run-${run}-saga-${index}`;
  const tries = new Map<string, number>();
  const nextTry = (key: string) => {
    const number = tries.get(key) ?? 0;
    tries.set(key, number + 1);
    return number;
  };

  const stepOf = (
    { note }: StepTools,
    { steps }: Plan['sagas'][number],
    id: string,
    position: number,
  ): Step<Data> | undefined => {
    const planned = steps[position];
    if (!planned) return undefined;
    const key = `${id}:step-${position}`;
    return {
      name: `step-${position}`,
      local: planned.local,
      run: () => misbehave(planned.run[nextTry(key)] ?? 'ok', () => (planned.local ? note(key) : world.do(key))),
      undo: () =>
        misbehave(planned.undo[nextTry(`undo ${key}`)] ?? 'ok', () =>
          planned.local ? note(`undo ${key}`) : world.undo(key),
        ),
    };
  };
  // Every saga has its own steps, so each is registered under a name of its own.
  const definitions = sagas.map((_, index) => ({ ...journey, name: idOf(index) }));
  const start = (): Promise<Instance> =>
    instances.start(
      (tools) =>
        definitions.map((definition, index) => ({
          saga: definition,
          implementation: {
            deadline,
            steps: [0, 1, 2, 3].flatMap((position) => stepOf(tools, sagas[index]!, idOf(index), position) ?? []),
          } as never,
        })),
      { limits: timeouts },
    );

  let instance = await start();
  for (const definition of definitions) await instance.sagas.start(definition, definition.name, { plan: run });
  const cancelling = sagas.map(async ({ cancelledAfter }, index) => {
    if (cancelledAfter === null) return;
    await sleep(cancelledAfter);
    // It may meet a disaster; then it was not cancelled.
    await instance.sagas
      .cancel(definitions[index]!, idOf(index), { code: 'world.cancelled', message: 'Enough.' })
      .catch(() => {});
  });
  for (const { after, kind } of disasters) {
    await sleep(after);
    if (kind === 'ownership lost') await instances.cutOwnership();
    if (kind === 'connections cut') await instances.cutConnections();
    if (kind === 'crash') {
      const next = start();
      await instance.crash();
      instance = await next;
    }
  }
  await Promise.all(cancelling);
  for (const definition of definitions) await instance.sagas.whenEnded(definition, definition.name, 20_000);
  // Late results must not change anything.
  await sleep(timeouts.stepTimeout * 2);
  await instance.stop();

  const effects = await instances.effects();
  for (const [index, { steps }] of sagas.entries()) {
    const id = idOf(index);
    const keys = steps.map((_, position) => `${id}:step-${position}`);
    const happened = keys.map((key, position) =>
      steps[position]!.local ? count(effects, key) - count(effects, `undo ${key}`) : Number(world.has(key)),
    );
    const { state, reason } = await instances.row(id);
    if (state === 'completed') {
      expect(happened, id).toEqual(keys.map(() => 1));
      expect(reason).toBeNull();
    } else {
      expect(state, id).toBe('undone');
      expect(happened, id).toEqual(keys.map(() => 0));
      expect(reason).toMatchObject({ code: expect.any(String) });
    }
    for (const key of keys) expect(count(effects, key), key).toBeLessThanOrEqual(1);
    const ofSaga = (undone: string[]) => undone.filter((key) => key.startsWith(`${id}:`));
    expect(ofSaga(world.takenBack)).toEqual(ofSaga(world.takenBack).toSorted().toReversed());
    const undoneHere = effects.filter((effect) => effect.startsWith(`undo ${id}:`));
    expect(undoneHere).toEqual(undoneHere.toSorted().toReversed());
  }
}

const count = (effects: readonly string[], effect: string): number =>
  effects.filter((other) => other === effect).length;
