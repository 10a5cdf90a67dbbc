import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { currentContext } from '#platform/context.ts';
import { nobody, Ownership } from './ownership.ts';
import { never, until } from '../events/testing/landscape.ts';
import { type Schedule, Scheduler } from './scheduler.ts';

interface Instance {
  readonly scheduler: Scheduler;
  readonly ownership: Ownership;
}

let test: TestDatabase;
const started: Instance[] = [];
let sweeping: NodeJS.Timeout;

beforeEach(async () => {
  test = await libraryDatabase();
  sweeping = setInterval(() => started.forEach(({ scheduler }) => void scheduler.sweep().catch(() => {})), 20);
});
afterEach(async () => {
  clearInterval(sweeping);
  await Promise.all(started.splice(0).map(({ ownership }) => ownership.stop()));
  await test.drop();
});

async function start(...schedules: Schedule[]): Promise<Instance> {
  const ownership = new Ownership(test.connection, 'library', silentLogger);
  await ownership.start();
  const scheduler = new Scheduler(test.database, ownership, schedules, silentLogger);
  await scheduler.open();
  const instance = { scheduler, ownership };
  started.push(instance);
  return instance;
}

const row = async () => (await test.sql('select * from library.schedules')).rows[0];
const makeDue = () => test.sql("update library.schedules set next_run_at = now() - interval '1 s'");

describe('a schedule', () => {
  it('runs again and again, each time its rhythm after the last run began', async () => {
    let runs = 0;
    const every = 3_600_000;
    await start({ name: 'library.tidy', every, run: async () => void runs++ });
    for (let run = 1; run <= 3; run++) {
      await makeDue();
      await until(async () => runs === run && (await row()).owner === nobody);
      const { last_run_at, next_run_at } = await row();
      expect(next_run_at.getTime() - last_run_at.getTime()).toBe(every);
    }
    expect(runs).toBe(3);
  });

  it('starts at a random moment, in a minute at most', async () => {
    await start({ name: 'library.tidy', every: 24 * 3_600_000, run: async () => {} });
    const { next_run_at } = await row();
    expect(next_run_at.getTime() - Date.now()).toBeLessThan(60_000);
  });

  it('is run by one of several instances', async () => {
    let underWay = 0;
    let most = 0;
    const runs: string[] = [];
    const tidy = (who: string): Schedule => ({
      name: 'library.tidy',
      every: 60,
      run: async () => {
        most = Math.max(most, ++underWay);
        runs.push(who);
        await sleep(30);
        underWay--;
      },
    });
    for (const who of ['one', 'two', 'three']) await start(tidy(who));
    await until(() => runs.length >= 8);
    expect(most).toBe(1);
  });

  it('is not run twice by an instance that takes longer than its rhythm', async () => {
    let runs = 0;
    await start({ name: 'library.tidy', every: 30, run: () => (runs++, never) });
    await until(() => runs === 1);
    await sleep(200);
    expect(runs).toBe(1);
  });

  it('is run by another instance when the one that ran it died, at once', async () => {
    const runs: string[] = [];
    const dying = await start({ name: 'library.tidy', every: 3_600_000, run: () => (runs.push('dying'), never) });
    await makeDue();
    await until(() => runs.length === 1);
    await start({ name: 'library.tidy', every: 3_600_000, run: async () => void runs.push('other') });
    await sleep(100);
    expect(runs).toEqual(['dying']);
    await dying.ownership.stop();
    await until(() => runs.length === 2);
    expect(runs).toEqual(['dying', 'other']);
  });

  it('goes on after a run that failed, and says why it did', async () => {
    let runs = 0;
    const seen = Promise.withResolvers<void>();
    const run = async () => {
      if (++runs === 1) throw new Error('no space left');
      await seen.promise;
    };
    await start({ name: 'library.tidy', every: 100, run });
    await until(async () => (await row()).last_error === 'Error: no space left');
    seen.resolve();
    await until(() => runs > 2);
    expect((await row()).last_error).toBeNull();
  });

  it('of a new release that wants it more often does not wait for the old rhythm', async () => {
    const old = await start({ name: 'library.tidy', every: 24 * 3_600_000, run: async () => {} });
    await test.sql("update library.schedules set next_run_at = now() + interval '1 day'");
    await old.scheduler.drain();
    let runs = 0;
    await start({ name: 'library.tidy', every: 100, run: async () => void runs++ });
    await until(() => runs > 0);
    expect((await row()).next_run_at.getTime()).toBeLessThan(Date.now() + 60_000);
  });

  it('runs in a context of its own', async () => {
    const contexts: unknown[] = [];
    await start({ name: 'library.tidy', every: 50, run: async () => void contexts.push(currentContext()?.requestId) });
    await until(() => contexts.length === 2);
    expect(contexts[0]).not.toBe(contexts[1]);
  });

  it('lets the run under way finish when the program stops, and starts no other', async () => {
    const going = Promise.withResolvers<void>();
    let runs = 0;
    const { scheduler } = await start({ name: 'library.tidy', every: 30, run: () => (runs++, going.promise) });
    await until(() => runs === 1);
    let drained = false;
    const draining = scheduler.drain().then(() => (drained = true));
    await sleep(50);
    expect(drained).toBe(false);
    going.resolve();
    await draining;
    await sleep(100);
    expect(runs).toBe(1);
  });
});
