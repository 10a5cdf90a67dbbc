import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backgroundContext, newTrace, runInContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { never, until } from '../events/testing/landscape.ts';
import { Recording } from '../observability/testing/recording.ts';
import { checkout, ended, local, startCheckouts, World } from './testing/checkout.ts';
import { Instances, type StepTools } from './testing/instances.ts';

const ShopErrors = errors('shop', { away: ['unavailable', 'Nobody there.'] });

let instances: Instances;
let world: World;
beforeEach(async () => {
  world = new World();
  instances = await Instances.create();
});
afterEach(() => instances.drop());

const start = (steps: Parameters<typeof startCheckouts>[1], options?: Parameters<typeof startCheckouts>[2]) =>
  startCheckouts(instances, steps, options);

describe('cancelling a saga', () => {
  const reason = { code: 'shop.changed-mind', message: 'The customer changed their mind.' };

  it('lets the step under way finish, and undoes it with what it found out', async () => {
    const payment = Promise.withResolvers<{ paymentId: string }>();
    const pay = world.remote('pay', {
      run: () => (world.seen.push('pay'), payment.promise),
      undo: async ({ paymentId }) => void world.seen.push(`undo pay ${paymentId}`),
    });
    const instance = await start(() => [world.remote('first'), pay, world.remote('ship')]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.length === 2);
    await instance.sagas.cancel(checkout, 'a', reason);
    payment.resolve({ paymentId: 'p1' });
    await ended(instance);
    expect(world.seen).toEqual(['first', 'pay', 'undo pay p1', 'undo first']);
    expect((await instances.row('a')).reason).toEqual(reason);
  });

  it('tells in its trace what was stored while no step was under way', async () => {
    const tracing = new Recording();
    const payment = Promise.withResolvers<void>();
    const pay = world.remoteThat('pay', () => payment.promise);
    const instance = await start(() => [pay, world.remote('ship')], { tracing });
    const trace = { ...newTrace(), sampled: true };
    const context = backgroundContext('request', 60_000, trace);
    await runInContext(context, () => instance.sagas.start(checkout, 'a', { n: 1 }));
    await until(() => world.seen.length === 1);
    await instance.sagas.cancel(checkout, 'a', reason);
    payment.resolve();
    await ended(instance);
    const [saved] = tracing.named('save shop.checkout');
    const [saga] = tracing.named('saga shop.checkout');
    expect(saved).toMatchObject({ traceId: trace.traceId, parent: saga!.spanId });
    expect(tracing.named('UPDATE sagas').map(({ parent }) => parent)).toContain(saved!.spanId);
  });

  it('takes back a last step that had not committed', async () => {
    const confirming = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const confirm = (tools: StepTools) =>
      local(tools, 'confirm', {
        run: async () => {
          await tools.note('confirm');
          reached.resolve();
          await confirming.promise;
        },
      });
    const instance = await start((tools) => [world.remote('pay'), confirm(tools)]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await reached.promise;
    await instance.sagas.cancel(checkout, 'a', reason);
    confirming.resolve();
    await ended(instance);
    expect(await instances.effects()).toEqual([]);
    expect(world.seen).toEqual(['pay', 'undo pay']);
    expect(await instances.state('a')).toBe('undone');
  });

  it('has no effect if the transaction around it is rolled back, nor once the saga has ended', async () => {
    const instance = await start(() => [world.remote('pay', { run: () => sleep(100) })]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    const rolledBack = instance.database.transaction(async () => {
      await instance.sagas.cancel(checkout, 'a', reason);
      throw new Error('changed our mind');
    });
    await expect(rolledBack).rejects.toThrow();
    await ended(instance);
    expect(await instances.state('a')).toBe('completed');
    await instance.sagas.cancel(checkout, 'a', reason);
    await sleep(150);
    expect(await instances.row('a')).toMatchObject({ state: 'completed', cancelled: null });
  });

  it('wakes one that waits for its next try', async () => {
    const away = world.remote('pay', { run: () => Promise.reject(ShopErrors.away()) });
    const patient = {
      firstPause: 1_000_000,
      longestPause: { delivery: 1, step: 1_000_000, undo: 1 },
      sweep: 1_000_000,
    };
    const instance = await start(() => [world.remote('first'), away], { limits: patient, deadline: 600_000 });
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(async () => (await instances.row('a')).attempts === 1);
    await instance.sagas.cancel(checkout, 'a', reason);
    await ended(instance);
    expect(world.seen).toEqual(['first', 'undo pay', 'undo first']);
  });

  it('works from an instance that does not run it', async () => {
    const payment = Promise.withResolvers<void>();
    const runner = await start(() => [world.remote('pay', { run: () => payment.promise })]);
    const other = await start(() => []);
    await runner.sagas.start(checkout, 'a', { n: 1 });
    await other.sagas.cancel(checkout, 'a', reason);
    payment.resolve();
    await ended(other);
    expect(world.seen).toEqual(['undo pay']);
  });
});

describe('waiting for a saga', () => {
  it('ends with it, here and in another instance', async () => {
    const payment = Promise.withResolvers<void>();
    const runner = await start(() => [world.remote('pay', { run: () => payment.promise })]);
    const other = await start(() => []);
    await runner.sagas.start(checkout, 'a', { n: 1 });
    let done = 0;
    const waiting = [runner, other].map((instance) => ended(instance).then(() => done++));
    await sleep(250);
    expect(done).toBe(0);
    payment.resolve();
    await Promise.all(waiting);
    expect(await instances.state('a')).toBe('completed');
  });

  it('ends with the time, and at once for one that ended or never was', async () => {
    const instance = await start(() => [world.remote('pay', { run: () => never })]);
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
