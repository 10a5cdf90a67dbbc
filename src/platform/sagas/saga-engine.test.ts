import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentContext } from '../context.ts';
import { errors } from '../errors.ts';
import { never, quiet, until } from '../events/testing/landscape.ts';
import { saga, type SagaEnd, type SagaImplementation, type Step } from './saga.ts';
import { Instances, type Instance, type InstanceOptions, type StepTools } from './testing/instances.ts';

const ShopErrors = errors('shop', { declined: ['conflict', 'The card was declined.'], away: ['unavailable', 'Nobody there.'] });
const checkout = saga('shop.checkout', 1, z.object({ n: z.int(), paymentId: z.string().optional() }));
type Data = z.output<typeof checkout.data>;

let instances: Instances;
/** What the world outside the database saw. */
let seen: string[];

beforeEach(async () => {
  seen = [];
  instances = await Instances.create();
});
afterEach(() => instances.drop());

/** A step that tells the world; `more` overrides. */
const remote = (name: string, more: Partial<Step<Data>> = {}): Step<Data> => ({
  name,
  run: async () => void seen.push(name),
  undo: async () => void seen.push(`undo ${name}`),
  ...more,
});
const local = ({ note }: StepTools, name: string, more: Partial<Step<Data>> = {}): Step<Data> => ({
  name,
  local: true,
  run: () => note(name),
  undo: () => note(`undo ${name}`),
  ...more,
});

const start = (steps: (tools: StepTools) => Step<Data>[], options: InstanceOptions & { deadline?: number; version?: number } = {}): Promise<Instance> =>
  instances.start((tools) => {
    const implementation: SagaImplementation<Data> = { deadline: options.deadline ?? 20_000, steps: steps(tools) };
    return [{ saga: { ...checkout, version: options.version ?? 1 }, implementation: implementation as never }];
  }, options);

const ended = (instance: Instance, id = 'a') => instance.sagas.whenEnded(checkout, id, 8_000);
async function runs(instance: Instance, id = 'a'): Promise<void> {
  await instance.sagas.start(checkout, id, { n: 1 });
  await ended(instance, id);
}
const stateOf = (id = 'a') => instances.state(id);
const reasonOf = async (id = 'a') => (await instances.row(id)).reason as SagaEnd;

describe('a saga', () => {
  it('does its steps in order, each with what the ones before it found out', async () => {
    const paid = remote('pay', { run: async () => (seen.push('pay'), { paymentId: 'p1' }) });
    const ship = remote('ship', { run: async ({ paymentId }, { key }) => void seen.push(`ship ${paymentId} ${key}`) });
    await runs(await start((tools) => [paid, ship, local(tools, 'confirm')]));
    expect(seen).toEqual(['pay', 'ship p1 a:ship']);
    expect(await instances.effects()).toEqual(['confirm']);
    expect(await stateOf()).toBe('completed');
  });

  it('costs one statement to start, one after each remote step, and one within the transaction of a local step', async () => {
    const instance = await start((tools) => [remote('pay'), remote('ship'), local(tools, 'confirm')], { limits: { sweep: 60_000 } });
    await quiet(instance.database);
    const before = instance.database.statements;
    await instance.database.transaction(() => instance.sagas.start(checkout, 'a', { n: 1 }));
    await ended(instance);
    const begin = 1;
    const commit = 1;
    const ownStatement = 1;
    const insert = begin + 1 + commit;
    expect(instance.database.statements - before).toBe(insert + 1 + 1 + begin + ownStatement + 1 + commit);
  });

  it('keeps its data as long as it runs, and not when it has ended, either way', async () => {
    const dataOf = async (id: string) => (await instances.row(id)).data;
    const during: unknown[] = [];
    const look = { run: async () => void during.push(await dataOf(`${seen.length}`)) };
    const instance = await start(() => [remote('look', look), remote('pay', { run: async () => { if (seen.push('') > 1) throw ShopErrors.declined(); } })]);
    await runs(instance, '0');
    await runs(instance, '1');
    expect(during).toEqual([{ n: 1 }, { n: 1 }]);
    expect([await stateOf('0'), await stateOf('1')]).toEqual(['completed', 'undone']);
    expect([await dataOf('0'), await dataOf('1')]).toEqual([{}, {}]);
  });

  it('exists when, and only when, the transaction that starts it commits', async () => {
    const instance = await start(() => [remote('pay')]);
    const rolledBack = instance.database.transaction(async () => {
      await instance.sagas.start(checkout, 'a', { n: 1 });
      throw new Error('changed our mind');
    });
    await expect(rolledBack).rejects.toThrow('changed our mind');
    await runs(instance, 'b');
    expect(seen).toEqual(['pay']);
    expect(await stateOf('a')).toBeUndefined();
  });

  it('is left alone when its id was started before', async () => {
    const instance = await start(() => [remote('pay')]);
    await runs(instance);
    await runs(instance);
    expect(seen).toEqual(['pay']);
  });

  it('goes past what its start has done, and undoes that too', async () => {
    const reserved = { name: 'reserve', undo: async () => void seen.push('undo reserve') };
    const decline = remote('pay', { run: () => Promise.reject(ShopErrors.declined()) });
    await runs(await start(() => [reserved, decline]));
    expect(seen).toEqual(['undo reserve']);
    expect(await stateOf()).toBe('undone');
  });

  it('runs its steps under the request that started it, with a deadline', async () => {
    const contexts: unknown[] = [];
    const look = remote('look', { run: async () => void contexts.push({ ...currentContext(), left: currentContext()!.deadline - Date.now() }) });
    await runs(await start(() => [look], { deadline: 5_000 }));
    expect(contexts).toMatchObject([{ requestId: expect.any(String), trace: { traceId: expect.any(String) } }]);
    expect((contexts[0] as { left: number }).left).toBeLessThanOrEqual(5_000);
  });
});

describe('a saga whose step fails for good', () => {
  const declined = () => Promise.reject(ShopErrors.declined('Card 4242 was declined.'));

  it('undoes what was done, last first, and says why', async () => {
    const reasons: unknown[] = [];
    const first = remote('first', { undo: async (_, { reason, key }) => void reasons.push(key, reason) });
    await runs(await start(() => [first, remote('second'), remote('pay', { run: declined }), remote('never')]));
    expect(seen).toEqual(['first', 'second', 'undo second']);
    const reason = { code: 'shop.declined', message: 'Card 4242 was declined.' };
    expect(reasons).toEqual(['a:first', reason]);
    expect(await reasonOf()).toEqual(reason);
    expect(await stateOf()).toBe('undone');
  });

  it('also undoes the failed step if an earlier try of it may have worked', async () => {
    let tries = 0;
    const pay = remote('pay', { run: async () => { throw ++tries === 1 ? new Error('connection lost') : ShopErrors.declined(); } });
    await runs(await start(() => [remote('first'), pay]));
    expect(seen).toEqual(['first', 'undo pay', 'undo first']);
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
    await runs(await start((tools) => [reserve(tools), remote('pay', { run: declined })]));
    expect(tries).toBe(3);
    expect(await instances.effects()).toEqual(['reserve', 'undo reserve']);
  });

  it('tries to undo again and again, and shows when it is stuck', async () => {
    let broken = true;
    const first = remote('first', { undo: async () => { if (broken) throw ShopErrors.declined('no refunds on Sundays'); seen.push('undo first'); } });
    const instance = await start(() => [first, remote('pay', { run: declined })]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(async () => (await instance.metrics.text()).includes('sagas{saga="shop.checkout",state="stuck"} 1'));
    expect(await instances.row('a')).toMatchObject({ state: 'undoing', error: expect.stringContaining('no refunds on Sundays') });
    broken = false;
    await ended(instance);
    expect(seen).toEqual(['first', 'undo first']);
    expect(await instance.metrics.text()).toContain('sagas{saga="shop.checkout",state="undone"} 1');
  });
});

describe('a saga whose step fails for now', () => {
  it('tries it again with the same key', async () => {
    const keys: string[] = [];
    const pay = remote('pay', { run: async (_, { key }) => { if (keys.push(key) < 4) throw ShopErrors.away(); } });
    const instance = await start(() => [pay]);
    await runs(instance);
    expect(keys).toEqual(['a:pay', 'a:pay', 'a:pay', 'a:pay']);
    expect(await stateOf()).toBe('completed');
    expect(await instance.metrics.text()).toContain('saga_step_retries_total{saga="shop.checkout",step="pay"} 3');
  });

  it('gives up at its deadline and undoes the step too, whose outcome is unknown', async () => {
    const pay = remote('pay', { run: () => Promise.reject(new Error('connection lost')) });
    await runs(await start(() => [remote('first'), pay], { deadline: 300 }));
    expect(seen).toEqual(['first', 'undo pay', 'undo first']);
    expect(await reasonOf()).toMatchObject({ code: 'saga.timed-out' });
  });

  it('does not wait longer for a try than a try may take', async () => {
    let tries = 0;
    const pay = remote('pay', { run: () => (++tries < 3 ? never : Promise.resolve()) });
    await runs(await start(() => [pay], { limits: { stepTimeout: 50 } }));
    expect(tries).toBe(3);
    expect(await stateOf()).toBe('completed');
  });

  it('is undone at its deadline even if the step hangs and hears no signal, and ignores what comes of it later', async () => {
    const late = Promise.withResolvers<{ paymentId: string }>();
    let aborted = false;
    const pay = remote('pay', {
      run: () => {
        currentContext()!.signal.addEventListener('abort', () => (aborted = true));
        return late.promise;
      },
    });
    await runs(await start(() => [remote('first'), pay, remote('ship')], { deadline: 200 }));
    expect(seen).toEqual(['first', 'undo pay', 'undo first']);
    await until(() => aborted);
    const row = await instances.row('a');
    late.resolve({ paymentId: 'too late' });
    await sleep(50);
    expect(row.state).toBe('undone');
    expect(await instances.row('a')).toEqual(row);
    expect(seen).toHaveLength(3);
  });

  it('takes back what a local step wrote before it hung', async () => {
    let tries = 0;
    const confirm = (tools: StepTools) => local(tools, 'confirm', { run: async () => { await tools.note('confirm'); if (++tries === 1) await never; } });
    await runs(await start((tools) => [confirm(tools)], { limits: { stepTimeout: 50 } }));
    expect(await instances.effects()).toEqual(['confirm']);
  });
});

describe('cancelling a saga', () => {
  const reason = { code: 'shop.changed-mind', message: 'The customer changed their mind.' };

  it('lets the step under way finish, and undoes it with what it found out', async () => {
    const payment = Promise.withResolvers<{ paymentId: string }>();
    const pay = remote('pay', {
      run: () => (seen.push('pay'), payment.promise),
      undo: async ({ paymentId }) => void seen.push(`undo pay ${paymentId}`),
    });
    const instance = await start(() => [remote('first'), pay, remote('ship')]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(() => seen.length === 2);
    await instance.sagas.cancel(checkout, 'a', reason);
    payment.resolve({ paymentId: 'p1' });
    await ended(instance);
    expect(seen).toEqual(['first', 'pay', 'undo pay p1', 'undo first']);
    expect(await reasonOf()).toEqual(reason);
  });

  it('takes back a last step that had not committed', async () => {
    const confirming = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const confirm = (tools: StepTools) =>
      local(tools, 'confirm', { run: async () => { await tools.note('confirm'); reached.resolve(); await confirming.promise; } });
    const instance = await start((tools) => [remote('pay'), confirm(tools)]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await reached.promise;
    await instance.sagas.cancel(checkout, 'a', reason);
    confirming.resolve();
    await ended(instance);
    expect(await instances.effects()).toEqual([]);
    expect(seen).toEqual(['pay', 'undo pay']);
    expect(await stateOf()).toBe('undone');
  });

  it('has no effect if the transaction around it is rolled back, nor once the saga has ended', async () => {
    const instance = await start(() => [remote('pay', { run: () => sleep(100) })]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    const rolledBack = instance.database.transaction(async () => {
      await instance.sagas.cancel(checkout, 'a', reason);
      throw new Error('changed our mind');
    });
    await expect(rolledBack).rejects.toThrow();
    await ended(instance);
    expect(await stateOf()).toBe('completed');
    await instance.sagas.cancel(checkout, 'a', reason);
    await sleep(150);
    expect(await instances.row('a')).toMatchObject({ state: 'completed', cancelled: null });
  });

  it('wakes one that waits for its next try', async () => {
    const away = remote('pay', { run: () => Promise.reject(ShopErrors.away()) });
    const patient = { firstPause: 1_000_000, longestPause: { delivery: 1, step: 1_000_000, undo: 1 }, sweep: 1_000_000 };
    const instance = await start(() => [remote('first'), away], { limits: patient, deadline: 600_000 });
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(async () => (await instances.row('a')).attempts === 1);
    await instance.sagas.cancel(checkout, 'a', reason);
    await ended(instance);
    expect(seen).toEqual(['first', 'undo pay', 'undo first']);
  });

  it('works from an instance that does not run it', async () => {
    const payment = Promise.withResolvers<void>();
    const runner = await start(() => [remote('pay', { run: () => payment.promise })]);
    const other = await start(() => []);
    await runner.sagas.start(checkout, 'a', { n: 1 });
    await other.sagas.cancel(checkout, 'a', reason);
    payment.resolve();
    await ended(other);
    expect(seen).toEqual(['undo pay']);
  });
});

describe('waiting for a saga', () => {
  it('ends with it, here and in another instance', async () => {
    const payment = Promise.withResolvers<void>();
    const runner = await start(() => [remote('pay', { run: () => payment.promise })]);
    const other = await start(() => []);
    await runner.sagas.start(checkout, 'a', { n: 1 });
    let done = 0;
    const waiting = [runner, other].map((instance) => ended(instance).then(() => done++));
    await sleep(250);
    expect(done).toBe(0);
    payment.resolve();
    await Promise.all(waiting);
    expect(await stateOf()).toBe('completed');
  });

  it('ends with the time, and at once for one that ended or never was', async () => {
    const instance = await start(() => [remote('pay', { run: () => never })]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    const begun = performance.now();
    await instance.sagas.whenEnded(checkout, 'a', 60);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(59);
    await instance.sagas.whenEnded(checkout, 'no such saga', 1e9);
  });

  it('is refused within a transaction', async () => {
    const instance = await start(() => []);
    const waiting = instance.database.transaction(() => instance.sagas.whenEnded(checkout, 'a', 1));
    await expect(waiting).rejects.toThrow('outside');
  });
});
