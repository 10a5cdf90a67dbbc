import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../events/testing/landscape.ts';
import { checkout, type CheckoutData, ended, local, startCheckouts, World } from './testing/checkout.ts';
import { Instances, type Instance, type StepTools } from './testing/instances.ts';

let instances: Instances;
let world: World;
beforeEach(async () => {
  world = new World();
  instances = await Instances.create();
});
afterEach(() => instances.drop());

describe('the sagas of one', () => {
  const ids = (whose: string, count: number) => Array.from({ length: count }, (_, n) => `${whose}-${n}`);
  const held = () => {
    const gate = Promise.withResolvers<void>();
    const pay = {
      run: async ({ buyer }: CheckoutData) => (world.seen.push(buyer!), buyer === 'many' ? gate.promise : undefined),
    };
    return { gate, steps: (tools: StepTools) => [world.remote('pay', pay), local(tools, 'confirm')] };
  };
  async function startAll(instance: Instance, whose: string, count: number): Promise<void> {
    await instance.database.transaction(async () => {
      for (const id of ids(whose, count)) await instance.sagas.start(checkout, id, { n: 1, buyer: whose });
    });
  }

  it('that hang by the hundreds hold up nobody else, and go on one after the other', async () => {
    const { gate, steps } = held();
    const instance = await startCheckouts(instances, steps, {
      deadline: 120_000,
      limits: { sagas: 16, sweep: 50, stepTimeout: 60_000 },
    });
    await startAll(instance, 'many', 300);
    await until(() => world.seen.includes('many'));
    await startAll(instance, 'few', 3);
    for (const id of ids('few', 3)) await ended(instance, id);
    expect(await Promise.all(ids('few', 3).map((id) => instances.state(id)))).toEqual([
      'completed',
      'completed',
      'completed',
    ]);
    expect(world.seen.filter((who) => who === 'many')).toHaveLength(2);
    gate.resolve();
    for (const id of ids('many', 300)) await ended(instance, id);
    expect(await instances.effects()).toHaveLength(303);
  });

  it('that a crash left by the hundreds hold up nobody else either', async () => {
    const { gate, steps } = held();
    const first = await startCheckouts(instances, steps, {
      deadline: 120_000,
      limits: { sagas: 16, stepTimeout: 60_000 },
    });
    await startAll(first, 'many', 300);
    await startAll(first, 'few', 3);
    await first.crash();
    const second = await startCheckouts(instances, steps, {
      deadline: 120_000,
      limits: { sagas: 16, sweep: 50, stepTimeout: 60_000 },
    });
    for (const id of ids('few', 3)) await ended(second, id);
    expect(await Promise.all(ids('few', 3).map((id) => instances.state(id)))).toEqual([
      'completed',
      'completed',
      'completed',
    ]);
    gate.resolve();
    for (const id of ids('many', 300)) await ended(second, id);
    expect(await instances.state('many-299')).toBe('completed');
  });
});
