import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TcpLink, tcpLink } from '../../../tests/support/tcp-link.ts';
import { Deadline } from '#platform/deadline.ts';
import { errors } from '#platform/errors.ts';
import { never, until } from '../events/testing/landscape.ts';
import type { Step } from '#platform/sagas.ts';
import { checkout, type CheckoutData, ended, local, startCheckouts, World } from './testing/checkout.ts';
import { Instances, type Instance, type StepTools } from './testing/instances.ts';

const ShopErrors = errors('shop', { declined: ['conflict', 'The card was declined.'] });

let instances: Instances;
let world: World;
beforeEach(async () => {
  world = new World();
  instances = await Instances.create();
});
afterEach(() => instances.drop());

const start = (steps: Parameters<typeof startCheckouts>[1], options?: Parameters<typeof startCheckouts>[2]) =>
  startCheckouts(instances, steps, options);

describe('when an instance dies', () => {
  it('another one goes on where it was, without waiting', async () => {
    const first = await start((tools) => [
      local(tools, 'reserve'),
      world.remoteThat('pay', () => never),
      world.remote('ship'),
    ]);
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    await first.crash();
    const begun = performance.now();
    const second = await start((tools) => [local(tools, 'reserve'), world.remote('pay'), world.remote('ship')]);
    await ended(second);
    // The step that died with the first one may take ten seconds.
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(world.seen).toEqual(['pay', 'pay', 'ship']);
    expect(await instances.effects()).toEqual(['reserve']);
    expect(await instances.state('a')).toBe('completed');
  });

  it('the step it was at is undone as well, should the saga have to be undone', async () => {
    const first = await start(() => [world.remote('first'), world.remoteThat('pay', () => never)]);
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    await first.crash();
    const second = await start(() => [
      world.remote('first'),
      world.remoteThat('pay', () => Promise.reject(ShopErrors.declined())),
    ]);
    await ended(second);
    expect(world.seen).toEqual(['first', 'pay', 'pay', 'undo pay', 'undo first']);
  });

  it('its sagas past their deadline are undone by the next one', async () => {
    const first = await start(() => [world.remoteThat('pay', () => never)], { deadline: 3_600_000 });
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    await first.crash();
    await instances.test.sql("update library.sagas set deadline_at = now() - interval '1 s'");
    await ended(await start(() => [world.remote('pay')]));
    expect(world.seen).toEqual(['pay', 'undo pay']);
    expect(await instances.row('a')).toMatchObject({ state: 'undone', reason: { code: 'saga.timed-out' } });
  });

  it('undoing goes on where it was', async () => {
    const steps = (undo: () => Promise<void>): Step<CheckoutData>[] => [
      world.remote('first'),
      { ...world.remote('second'), undo },
      world.remote('third'),
      world.remoteThat('pay', () => Promise.reject(ShopErrors.declined())),
    ];
    const first = await start(() => steps(() => never));
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('undo third'));
    await first.crash();
    await ended(await start(() => steps(async () => void world.seen.push('undo second'))));
    expect(world.seen).toEqual(['first', 'second', 'third', 'pay', 'undo third', 'undo second', 'undo first']);
    expect(await instances.row('a')).toMatchObject({ state: 'undone', reason: { code: 'shop.declined' } });
  });
});

describe('an instance that lost the session which says that it lives', () => {
  it('loses its sagas to another one, and no local step takes effect twice', async () => {
    const going = Promise.withResolvers<void>();
    const steps = (wait: Promise<void>) => (tools: StepTools) => [
      world.remoteThat('pay', () => wait),
      local(tools, 'confirm'),
    ];
    const first = await start(steps(going.promise), { limits: { sweep: 60_000 } });
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    const second = await start(steps(Promise.resolve()), { limits: { sweep: 50 } });
    await instances.cutOwnership();
    await ended(second);
    going.resolve();
    await sleep(200);
    expect(world.seen).toEqual(['pay', 'pay']);
    expect(await instances.effects()).toEqual(['confirm']);
    expect(await instances.state('a')).toBe('completed');
  });

  it('goes on under another number, with what it had and with what is new', async () => {
    const going = Promise.withResolvers<void>();
    const instance = await start(() => [world.remoteThat('pay', () => going.promise)]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    await instances.cutOwnership();
    await instance.sagas.start(checkout, 'b', { n: 1 });
    going.resolve();
    await Promise.all([ended(instance, 'a'), ended(instance, 'b')]);
    expect([await instances.state('a'), await instances.state('b')]).toEqual(['completed', 'completed']);
  });
});

describe('an instance without a number', () => {
  it('does not go on with a saga that waits for its next try', async () => {
    let tries = 0;
    const away = () => {
      tries++;
      return Promise.reject(new Error('connection lost'));
    };
    const link = await tcpLink(instances.test.connection);
    const patient = { firstPause: 400, longestPause: { delivery: 1, step: 400, undo: 1 }, sweep: 20 };
    const going = Promise.withResolvers<void>();
    const instance = await start(() => [world.remoteThat('pay', () => going.promise.then(away))], {
      limits: patient,
      port: link.port,
    });
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    // Statements still get through on the connections there are; a new session that says who lives does not.
    link.refuse();
    await instances.cutOwnership();
    going.resolve();
    await until(() => tries > 0);
    await sleep(100);
    expect(tries).toBe(1);
    link.accept();
    await until(() => tries > 1);
    await link.close();
  });
});

describe('sagas on a database that goes away', () => {
  it('go on when it is back', async () => {
    const instance = await start((tools) => [world.remoteThat('pay', () => sleep(20)), local(tools, 'confirm')]);
    const ids = Array.from({ length: 20 }, (_, n) => `saga-${n}`);
    for (const id of ids) await instance.sagas.start(checkout, id, { n: 1 });
    await instances.cutConnections();
    for (const id of ids) await ended(instance, id);
    expect(await instances.effects()).toEqual(ids.map(() => 'confirm'));
  });
});

describe('a commit that is not answered', () => {
  const unanswered = async (commit: (link: TcpLink, instance: Instance) => Promise<void>, run = async () => {}) => {
    const link = await tcpLink(instances.test.connection);
    const instance = await start((tools) => [world.remoteThat('pay', run), local(tools, 'confirm')], {
      port: link.port,
    });
    await commit(link, instance);
    await ended(await start(() => []));
    await link.close();
    return instances.effects();
  };
  const nothing = 'nothing that anybody sends';

  it('of a local step does not make it happen twice', async () => {
    const going = Promise.withResolvers<void>();
    const effects = await unanswered(
      async (link, instance) => {
        await instance.sagas.start(checkout, 'a', { n: 1 });
        await until(() => world.seen.includes('pay'));
        link.cutWhenSent('COMMIT');
        going.resolve();
        await until(async () => (await instances.effects()).length > 0);
        link.cutWhenSent(nothing);
      },
      () => going.promise,
    );
    expect(effects).toEqual(['confirm']);
    expect(await instances.state('a')).toBe('completed');
  });

  it('of its start does not strand a saga', async () => {
    const effects = await unanswered(async (link, instance) => {
      link.cutWhenSent('COMMIT');
      await expect(instance.sagas.start(checkout, 'a', { n: 1 })).rejects.toMatchObject({ kind: 'unavailable' });
      link.cutWhenSent(nothing);
    });
    expect(effects).toEqual(['confirm']);
    expect(await instances.state('a')).toBe('completed');
  });
});

describe('several instances', () => {
  it('share the sagas that one of them left, each of which one of them finishes', async () => {
    const first = await start((tools) => [world.remoteThat('pay', () => never), local(tools, 'confirm')], {
      limits: { sagas: 2 },
    });
    const ids = Array.from({ length: 60 }, (_, n) => `saga-${n}`);
    for (const id of ids) await first.sagas.start(checkout, id, { n: 1 });
    await first.crash();
    world.seen.length = 0;
    const steps = (tools: StepTools) => [world.remoteThat('pay', () => sleep(10)), local(tools, 'confirm')];
    const others = [await start(steps), await start(steps)];
    for (const id of ids) await ended(others[0]!, id);
    expect(world.seen).toHaveLength(60);
    expect(await instances.effects()).toHaveLength(60);
  });
});

describe('an instance that is asked to stop', () => {
  it('finishes the step under way, and leaves the rest to the next one', async () => {
    const going = Promise.withResolvers<void>();
    const first = await start((tools) => [world.remoteThat('pay', () => going.promise), local(tools, 'confirm')]);
    await first.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    const stopped = first.stop();
    going.resolve();
    await stopped;
    expect(await instances.row('a')).toMatchObject({ state: 'running', step: 1 });
    await ended(await start((tools) => [world.remote('pay'), local(tools, 'confirm')]));
    expect(world.seen).toEqual(['pay']);
    expect(await instances.state('a')).toBe('completed');
  });

  it('does not wait for a step that hangs longer than it was given', async () => {
    const instance = await start(() => [world.remoteThat('pay', () => never)]);
    await instance.sagas.start(checkout, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    const begun = performance.now();
    await instance.messaging.drain(new Deadline(100));
    // The step hangs for good.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

describe('an instance with much to do', () => {
  it('has a bounded number of sagas under way, and gets round to all', async () => {
    let underWay = 0;
    let most = 0;
    const pay = async () => {
      most = Math.max(most, ++underWay);
      await sleep(5);
      underWay--;
    };
    const instance = await start(() => [world.remoteThat('pay', pay)], { limits: { sagas: 2, sweep: 50 } });
    const ids = Array.from({ length: 100 }, (_, n) => `saga-${n}`);
    await instance.database.transaction(async () => {
      for (const id of ids) await instance.sagas.start(checkout, id, { n: 1 });
    });
    for (const id of ids) await ended(instance, id);
    expect(most).toBe(2);
    expect(world.seen).toHaveLength(100);
  });
});

describe('a saga of a version that this release does not know', () => {
  it('is left alone, is visible, and goes on with a release that knows it', async () => {
    const next = { ...checkout, version: 2 };
    const newer = await start(() => [world.remoteThat('pay', () => never)], { version: 2 });
    await newer.sagas.start(next, 'a', { n: 1 });
    await until(() => world.seen.includes('pay'));
    await newer.crash();

    const warnings: unknown[] = [];
    const logger = {
      debug() {},
      info() {},
      warn: (message: string, fields: unknown) => void warnings.push([message, fields]),
      error() {},
    };
    const older = await start(() => [world.remote('pay')], { logger });
    await older.sagas.start(checkout, 'b', { n: 1 });
    await ended(older, 'b');
    await until(() => warnings.length > 0);
    expect(warnings[0]).toEqual([
      'Sagas of a version that this release does not know are left alone.',
      { saga: 'shop.checkout', version: 2, state: 'running', count: 1 },
    ]);
    expect(await older.metrics.text()).toContain(
      'fissile_sagas{fissile_saga="shop.checkout",fissile_saga_state="unknown"} 1',
    );
    expect(await instances.row('a')).toMatchObject({ state: 'running', step: 0 });

    await ended(await start(() => [world.remote('pay')], { version: 2 }));
    expect(await instances.state('a')).toBe('completed');
  });
});
