import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';
import { currentContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { never, until } from '../events/testing/landscape.ts';
import { Protection } from '../grpc/protection.ts';
import type { SagaEnd } from '#platform/sagas.ts';
import { checkout, ended, local, startCheckouts, World } from './testing/checkout.ts';
import { Instances, type Instance, type StepTools } from './testing/instances.ts';

const ShopErrors = errors('shop', {
  declined: ['conflict', 'The card was declined.'],
  away: ['unavailable', 'Nobody there.'],
});

let instances: Instances;
let world: World;
beforeEach(async () => {
  world = new World();
  instances = await Instances.create();
});
afterEach(() => instances.drop());

const start = (steps: Parameters<typeof startCheckouts>[1], options?: Parameters<typeof startCheckouts>[2]) =>
  startCheckouts(instances, steps, options);
async function runs(instance: Instance, id = 'a'): Promise<void> {
  await instance.sagas.start(checkout, id, { n: 1 });
  await ended(instance, id);
}
const stateOf = (id = 'a') => instances.state(id);
const reasonOf = async (id = 'a') => (await instances.row(id)).reason as SagaEnd;

describe('a saga', () => {
  it('does its steps in order, each with what the ones before it found out', async () => {
    const paid = world.remote('pay', { run: async () => (world.seen.push('pay'), { paymentId: 'p1' }) });
    const ship = world.remote('ship', {
      run: async ({ paymentId }, { key }) => void world.seen.push(`ship ${paymentId} ${key}`),
    });
    await runs(await start((tools) => [paid, ship, local(tools, 'confirm')]));
    expect(world.seen).toEqual(['pay', 'ship p1 a:ship']);
    expect(await instances.effects()).toEqual(['confirm']);
    expect(await stateOf()).toBe('completed');
  });

  it('costs one statement to start, one after each remote step, and one within the transaction of a local step', async () => {
    const instance = await start((tools) => [world.remote('pay'), world.remote('ship'), local(tools, 'confirm')], {
      limits: { sweep: 60_000 },
    });
    const checkingOut = async () => {
      await instance.database.transaction(() => instance.sagas.start(checkout, 'a', { n: 1 }));
      await ended(instance);
    };
    const statements = await statementsOf(instance.database, checkingOut, () => 'a');
    const begin = 1;
    const commit = 1;
    const ownStatement = 1;
    const insert = begin + 1 + commit;
    expect(statements).toHaveLength(insert + 1 + 1 + begin + ownStatement + 1 + commit);
  });

  it('keeps its data as long as it runs, and not when it has ended, either way', async () => {
    const dataOf = async (id: string) => (await instances.row(id)).data;
    const during: unknown[] = [];
    const look = { run: async () => void during.push(await dataOf(`${world.seen.length}`)) };
    const pay = async () => {
      if (world.seen.push('pay') > 1) throw ShopErrors.declined();
    };
    const instance = await start(() => [world.remote('look', look), world.remote('pay', { run: pay })]);
    await runs(instance, '0');
    await runs(instance, '1');
    expect(during).toEqual([{ n: 1 }, { n: 1 }]);
    expect([await stateOf('0'), await stateOf('1')]).toEqual(['completed', 'undone']);
    expect([await dataOf('0'), await dataOf('1')]).toEqual([{}, {}]);
  });

  it('exists when, and only when, the transaction that starts it commits', async () => {
    const instance = await start(() => [world.remote('pay')]);
    const rolledBack = instance.database.transaction(async () => {
      await instance.sagas.start(checkout, 'a', { n: 1 });
      throw new Error('changed our mind');
    });
    await expect(rolledBack).rejects.toThrow('changed our mind');
    await runs(instance, 'b');
    expect(world.seen).toEqual(['pay']);
    expect(await stateOf('a')).toBeUndefined();
  });

  it('is left alone when its id was started before', async () => {
    const instance = await start(() => [world.remote('pay')]);
    await runs(instance);
    await runs(instance);
    expect(world.seen).toEqual(['pay']);
  });

  it('goes past what its start has done, and undoes that too', async () => {
    const reserved = { name: 'reserve', undo: async () => void world.seen.push('undo reserve') };
    const decline = world.remote('pay', { run: () => Promise.reject(ShopErrors.declined()) });
    await runs(await start(() => [reserved, decline]));
    expect(world.seen).toEqual(['undo reserve']);
    expect(await stateOf()).toBe('undone');
  });

  it('runs its steps under the request that started it, with a deadline', async () => {
    const contexts: unknown[] = [];
    const look = world.remote('look', {
      run: async () => void contexts.push({ ...currentContext(), left: currentContext()!.deadline.remaining }),
    });
    await runs(await start(() => [look], { deadline: 5_000 }));
    expect(contexts).toMatchObject([{ requestId: expect.any(String), trace: { traceId: expect.any(String) } }]);
    expect((contexts[0] as { left: number }).left).toBeLessThanOrEqual(5_000);
  });
});

describe('a saga whose step fails for good', () => {
  const declined = () => Promise.reject(ShopErrors.declined('Card 4242 was declined.'));

  it('undoes what was done, last first, and says why', async () => {
    const reasons: unknown[] = [];
    const first = world.remote('first', { undo: async (_, { reason, key }) => void reasons.push(key, reason) });
    await runs(
      await start(() => [first, world.remote('second'), world.remote('pay', { run: declined }), world.remote('never')]),
    );
    expect(world.seen).toEqual(['first', 'second', 'undo second']);
    const reason = { code: 'shop.declined', message: 'Card 4242 was declined.' };
    expect(reasons).toEqual(['a:first', reason]);
    expect(await reasonOf()).toEqual(reason);
    expect(await stateOf()).toBe('undone');
  });

  it('also undoes the failed step if an earlier try of it may have worked', async () => {
    let tries = 0;
    const pay = world.remote('pay', {
      run: async () => {
        throw ++tries === 1 ? new Error('connection lost') : ShopErrors.declined();
      },
    });
    await runs(await start(() => [world.remote('first'), pay]));
    expect(world.seen).toEqual(['first', 'undo pay', 'undo first']);
  });

  it('undoes local steps together with its progress', async () => {
    let tries = 0;
    const reserve = (tools: StepTools) =>
      local(tools, 'reserve', {
        undo: async () => {
          await tools.note('undo reserve');
          if (++tries < 3) throw new Error('not yet');
        },
      });
    await runs(await start((tools) => [reserve(tools), world.remote('pay', { run: declined })]));
    expect(tries).toBe(3);
    expect(await instances.effects()).toEqual(['reserve', 'undo reserve']);
  });

  it('tries to undo again and again, and shows when it is stuck', async () => {
    let broken = true;
    const undo = async () => {
      if (broken) throw ShopErrors.declined('no refunds on Sundays');
      world.seen.push('undo first');
    };
    const first = world.remote('first', { undo });
    const instance = await start(() => [first, world.remote('pay', { run: declined })]);
    // Before there is one, so that Prometheus sees the first.
    expect(await instance.metrics.text()).toContain(
      'fissile_saga_duration_seconds_count{fissile_saga="shop.checkout",fissile_saga_outcome="undone"} 0',
    );
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(async () =>
      (await instance.metrics.text()).includes(
        'fissile_sagas{fissile_saga="shop.checkout",fissile_saga_state="stuck"} 1',
      ),
    );
    expect(await instances.row('a')).toMatchObject({
      state: 'undoing',
      error: expect.stringContaining('no refunds on Sundays'),
    });
    broken = false;
    await ended(instance);
    expect(world.seen).toEqual(['first', 'undo first']);
    expect(await instance.metrics.text()).toContain(
      'fissile_saga_duration_seconds_count{fissile_saga="shop.checkout",fissile_saga_outcome="undone"} 1',
    );
  });
});

describe('a saga whose step fails for now', () => {
  it('tries it again with the same key', async () => {
    const keys: string[] = [];
    const pay = world.remote('pay', {
      run: async (_, { key }) => {
        if (keys.push(key) < 4) throw ShopErrors.away();
      },
    });
    const instance = await start(() => [pay]);
    await runs(instance);
    expect(keys).toEqual(['a:pay', 'a:pay', 'a:pay', 'a:pay']);
    expect(await stateOf()).toBe('completed');
    expect(await instance.metrics.text()).toContain(
      'fissile_saga_step_retries_total{fissile_saga="shop.checkout",fissile_saga_step="pay"} 3',
    );
  });

  it('logs no error while it waits for an open circuit breaker, and goes on when that closes', async () => {
    const cashDesk = new Protection('cash-desk', {
      concurrent: 3,
      failureShare: 0.5,
      window: 1_000,
      minimumRate: 1,
      openFor: 1_000,
    });
    const away = () => cashDesk.run(() => Promise.reject(new Error('connection lost')));
    while (cashDesk.breaker !== 'open') await away().catch(() => {});
    const complaints: unknown[] = [];
    const complain = (...line: unknown[]) => void complaints.push(line);
    let waits = 0;
    const undo = () =>
      cashDesk
        .run(async () => void world.seen.push('undo pay'))
        .catch((error: unknown) => {
          waits += 1;
          throw error;
        });
    const steps = [
      world.remote('pay', { undo }),
      world.remote('ship', { run: () => Promise.reject(ShopErrors.declined()) }),
    ];
    const instance = await start(() => steps, { logger: { ...silentLogger, warn: complain, error: complain } });
    await runs(instance);
    expect(world.seen).toEqual(['pay', 'undo pay']);
    expect(waits).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    expect(await instance.metrics.text()).not.toContain('fissile_saga_step_retries_total{');
  });

  it('gives up at its deadline and undoes the step too, whose outcome is unknown', async () => {
    const pay = world.remote('pay', { run: () => Promise.reject(new Error('connection lost')) });
    await runs(await start(() => [world.remote('first'), pay], { deadline: 3_000 }));
    expect(world.seen).toEqual(['first', 'undo pay', 'undo first']);
    expect(await reasonOf()).toMatchObject({ code: 'saga.timed-out' });
  });

  it('does not wait longer for a try than a try may take', async () => {
    let tries = 0;
    const pay = world.remote('pay', { run: () => (++tries < 3 ? never : Promise.resolve()) });
    await runs(await start(() => [pay], { limits: { stepTimeout: 50 } }));
    expect(tries).toBe(3);
    expect(await stateOf()).toBe('completed');
  });

  it('is undone at its deadline even if the step hangs and hears no signal, and ignores what comes of it later', async () => {
    const late = Promise.withResolvers<{ paymentId: string }>();
    let aborted = false;
    const pay = world.remote('pay', {
      run: () => {
        currentContext()!.signal.addEventListener('abort', () => (aborted = true));
        return late.promise;
      },
    });
    await runs(await start(() => [world.remote('first'), pay, world.remote('ship')], { deadline: 3_000 }));
    expect(world.seen).toEqual(['first', 'undo pay', 'undo first']);
    await until(() => aborted);
    const row = await instances.row('a');
    late.resolve({ paymentId: 'too late' });
    await sleep(50);
    expect(row.state).toBe('undone');
    expect(await instances.row('a')).toEqual(row);
    expect(world.seen).toHaveLength(3);
  });

  it('takes back what a local step wrote before it hung', async () => {
    let tries = 0;
    const confirm = (tools: StepTools) =>
      local(tools, 'confirm', {
        run: async () => {
          await tools.note('confirm');
          if (++tries === 1) await never;
        },
      });
    await runs(await start((tools) => [confirm(tools)], { limits: { stepTimeout: 50 } }));
    expect(await instances.effects()).toEqual(['confirm']);
  });
});
