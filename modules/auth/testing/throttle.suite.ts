/** The suite that every throttle must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '#platform/clock.ts';
import { type Limit, lowered, type Pace, raised, type Throttle } from '../domain/throttle.ts';
import { minute, noon, second, SteppedClock } from './accounts.ts';

const pace: Pace = { allowed: 3, forgiveEach: 10 * minute, firstDelay: second, longestDelay: minute };

export function throttleSuite(make: (clock: Clock) => Throttle): void {
  let clock: SteppedClock;
  let throttle: Throttle;
  let limit: Limit;
  beforeEach(() => {
    clock = new SteppedClock();
    throttle = make(clock);
    limit = { scope: 'account', subject: `${uuid()}@example.com`, pace };
  });

  /** As if the attempts were made one after the other, each as soon as it may. */
  const countTimes = async (times: number, of = limit) => {
    for (let count = 0; count < times; count++) {
      clock.advance(await throttle.delay([of]));
      expect(await throttle.reserve([of])).toBe(0);
    }
  };

  it('S26 lets what is allowed pass and then delays, twice as long each time up to a bound', async () => {
    limit = { ...limit, pace: { ...pace, forgiveEach: 1e12 } };
    await countTimes(3);
    expect(await throttle.delay([limit])).toBe(0);
    const delays = [];
    for (let more = 0; more < 8; more++) {
      await countTimes(1);
      delays.push(await throttle.delay([limit]));
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * second));
  });

  it('answers how long to wait, and does not count what has to', async () => {
    await countTimes(4);
    for (let times = 0; times < 3; times++) expect(await throttle.reserve([limit])).toBe(second);
    clock.advance(second);
    expect(await throttle.reserve([limit])).toBe(0);
  });

  it('delays no longer than it said', async () => {
    await countTimes(6);
    const delay = await throttle.delay([limit]);
    clock.advance(delay - 1);
    expect(await throttle.delay([limit])).toBe(1);
    clock.advance(1);
    expect(await throttle.delay([limit])).toBe(0);
  });

  it('forgives as time passes, but never more than there was', async () => {
    await countTimes(4);
    clock.advance(15 * minute);
    await countTimes(1);
    expect(await throttle.delay([limit]), '4 - 1.5 + 1 is not more than 3.5').toBeGreaterThan(0);
    clock.advance(24 * 60 * minute);
    await countTimes(3);
    expect(await throttle.delay([limit])).toBe(0);
  });

  it('counts and gives back exactly as the rule of the domain says, at any pace', async () => {
    let level: ReturnType<typeof raised> | undefined;
    const steps = [0, 1, 999, 7 * minute + 13, -1, 3, 61_007, -1, -1, 5 * minute, 0, 0, 12_345, -1, 0, 0, 0];
    for (const step of steps) {
      if (step === -1) {
        level = lowered(level!, pace);
        await throttle.giveBack([limit]);
      } else {
        clock.advance(step);
        const wait = level ? Math.max(0, level.blockedUntil.getTime() - clock.now().getTime()) : 0;
        expect(await throttle.reserve([limit])).toBe(wait);
        if (wait > 0) continue;
        level = raised(level, pace, clock.now());
      }
      expect(await throttle.delay([limit])).toBe(Math.max(0, level.blockedUntil.getTime() - clock.now().getTime()));
    }
  });

  it('takes a clock that goes backwards, and instances whose clocks differ', async () => {
    for (const step of [0, 0, -minute, 5]) {
      clock.advance(step);
      expect(await throttle.reserve([limit])).toBe(0);
    }
    expect(await throttle.delay([limit])).toBe(second);
  });

  it('S38 misses none of many while the clock runs', async () => {
    const running = make({ now: () => new Date() });
    const slow = { ...limit, pace: { ...pace, firstDelay: minute } };
    const attempts = Array.from({ length: 60 }, async (_, index) => {
      for (let turn = 0; turn < index; turn++) await new Promise(setImmediate);
      return await running.reserve([slow, { ...slow, scope: 'network', pace: { ...pace, allowed: 100 } }]);
    });
    expect((await Promise.all(attempts)).filter((delay) => delay === 0)).toHaveLength(4);
  });

  it('S38 lets no more pass of many at the same time than it has room for', async () => {
    const delays = await Promise.all(Array.from({ length: 30 }, () => throttle.reserve([limit])));
    expect(delays.filter((delay) => delay === 0)).toHaveLength(4);
    expect(new Set(delays.filter((delay) => delay > 0))).toEqual(new Set([second]));
  });

  it('S38 counts each of many towards all its limits or towards none', async () => {
    const network: Limit = { ...limit, scope: 'network', pace: { ...pace, allowed: 7 } };
    const people = Array.from({ length: 10 }, (): Limit => ({
      ...limit,
      subject: uuid(),
      pace: { ...pace, allowed: 1 },
    }));
    const attempts = Array.from({ length: 5 }, () => people).flat();
    const inEitherOrder = (person: Limit, index: number) => (index % 2 === 0 ? [person, network] : [network, person]);
    const delays = await Promise.all(attempts.map((person, index) => throttle.reserve(inEitherOrder(person, index))));
    expect(delays.filter((delay) => delay === 0)).toHaveLength(8);
    for (const person of people) {
      let passed = attempts.filter((attempt, index) => attempt === person && delays[index] === 0).length;
      while ((await throttle.reserve([person])) === 0) passed += 1;
      expect(passed, 'one beyond what is free').toBe(2);
    }
  });

  it('takes back what was not made, and unblocks what only that had blocked', async () => {
    const network: Limit = { ...limit, scope: 'network' };
    for (let times = 0; times < 4; times++) await throttle.reserve([limit, network]);
    expect(await throttle.delay([limit, network])).toBe(second);
    await throttle.giveBack([limit]);
    expect([await throttle.delay([limit]), await throttle.delay([network])]).toEqual([0, second]);
    expect(await throttle.reserve([limit])).toBe(0);
    expect(await throttle.delay([limit])).toBe(second);
    await throttle.giveBack([{ ...limit, subject: 'nobody' }]);
  });

  it('counts subjects, origins and scopes apart, and waits for the slowest', async () => {
    const fromHome: Limit = { ...limit, from: '192.0.2.1' };
    const network: Limit = { ...limit, scope: 'network', pace: { ...pace, firstDelay: 2 * second } };
    for (let times = 0; times < 4; times++) await throttle.reserve([limit]);
    expect(await throttle.reserve([fromHome, network])).toBe(0);
    for (let times = 0; times < 3; times++) await throttle.reserve([network]);
    expect(await throttle.delay([limit])).toBe(second);
    expect(await throttle.delay([network, limit])).toBe(2 * second);
    expect(await throttle.reserve([fromHome, limit, network])).toBe(2 * second);
    expect(await throttle.delay([fromHome])).toBe(0);
    expect(await throttle.delay([{ ...limit, subject: 'another' }])).toBe(0);
    expect(await throttle.delay([])).toBe(0);
  });

  it('counts towards what does not block, also while that blocks others', async () => {
    const network: Limit = { ...limit, scope: 'network' };
    const unhindered: Limit = { ...network, blocks: false };
    await countTimes(4, network);
    const person: Limit = { ...limit, pace: { ...pace, allowed: 1 } };
    for (let times = 0; times < 2; times++) expect(await throttle.reserve([person, unhindered])).toBe(0);
    expect(await throttle.reserve([person, unhindered])).toBe(second);
    expect(await throttle.delay([network])).toBe(4 * second);
    await throttle.giveBack([unhindered]);
    expect(await throttle.delay([network])).toBe(2 * second);
  });

  it('is cleared', async () => {
    await countTimes(4);
    await throttle.clear(limit);
    await countTimes(3);
    expect(await throttle.delay([limit])).toBe(0);
  });

  it('forgets a subject wherever it was counted', async () => {
    const other = { ...limit, subject: uuid() };
    const everywhere: Limit[] = [limit, { ...limit, from: '192.0.2.1' }, { ...limit, scope: 'password-change' }];
    for (const one of [...everywhere, other]) for (let times = 0; times < 4; times++) await throttle.reserve([one]);
    await throttle.forget([limit.subject]);
    expect(await throttle.delay(everywhere)).toBe(0);
    expect(await throttle.delay([other])).toBe(second);
  });

  it('prunes what has sunk to nothing, and only that', async () => {
    await countTimes(2);
    clock.advance(20 * minute - 1);
    await throttle.prune();
    await countTimes(3);
    expect(await throttle.delay([limit]), 'it had not quite sunk').toBeGreaterThan(0);
    clock.advance(60 * minute);
    await throttle.prune();
    clock.advance(noon.getTime() - clock.now().getTime());
    expect(await throttle.delay([limit]), 'at any time').toBe(0);
  });
}
