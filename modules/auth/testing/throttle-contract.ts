/** What the throttle promises, whatever is behind it. */
import { v7 as uuid } from 'uuid';
import { beforeEach, expect, it } from 'vitest';
import type { Clock } from '#platform/clock.ts';
import { type Limit, type Pace, raised, type Throttle } from '../domain/throttle.ts';
import { minute, noon, second, SteppedClock } from './accounts.ts';

const pace: Pace = { allowed: 3, forgiveEach: 10 * minute, firstDelay: second, longestDelay: minute };

export function throttleContract(make: (clock: Clock) => Throttle): void {
  let clock: SteppedClock;
  let throttle: Throttle;
  let limit: Limit;
  beforeEach(() => {
    clock = new SteppedClock();
    throttle = make(clock);
    limit = { scope: 'account', subject: `${uuid()}@example.com`, pace };
  });

  const countTimes = async (times: number, of = limit) => {
    for (let count = 0; count < times; count++) await throttle.count([of]);
  };

  it('S26 lets what is allowed pass and then delays, twice as long each time up to a bound', async () => {
    await countTimes(3);
    expect(await throttle.delay([limit])).toBe(0);
    const delays = [];
    for (let more = 0; more < 8; more++) {
      await countTimes(1);
      delays.push(await throttle.delay([limit]));
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * second));
  });

  it('delays no longer than it said', async () => {
    await countTimes(6);
    clock.advance(3 * second);
    expect(await throttle.delay([limit])).toBe(second);
    clock.advance(second);
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

  it('counts exactly as the rule of the domain says, at any pace', async () => {
    let level: ReturnType<typeof raised> | undefined;
    for (const wait of [0, 1, 999, 7 * minute + 13, 3, 61_007, 5 * minute, 0, 0, 12_345, 0, 0]) {
      clock.advance(wait);
      level = raised(level, pace, clock.now());
      await countTimes(1);
      expect(await throttle.delay([limit])).toBe(level.blockedUntil.getTime() - clock.now().getTime());
    }
  });

  it('takes a clock that goes backwards', async () => {
    await countTimes(2);
    clock.advance(-minute);
    await countTimes(2);
    expect(await throttle.delay([limit])).toBe(second);
  });

  it('S38 misses no attempt of many at the same time', async () => {
    await Promise.all(Array.from({ length: 7 }, () => throttle.count([limit])));
    expect(await throttle.delay([limit])).toBe(8 * second);
  });

  it('counts subjects, origins and scopes apart, and waits for the slowest', async () => {
    const fromHome: Limit = { ...limit, from: '192.0.2.1' };
    const network: Limit = { ...limit, scope: 'network' };
    await throttle.count([limit, network]);
    await countTimes(4);
    await countTimes(3, network);
    expect(await throttle.delay([network])).toBe(second);
    expect(await throttle.delay([network, limit])).toBe(2 * second);
    expect(await throttle.delay([fromHome])).toBe(0);
    expect(await throttle.delay([{ ...limit, subject: 'another' }])).toBe(0);
    expect(await throttle.delay([])).toBe(0);
  });

  it('is cleared, but not while it delays', async () => {
    await countTimes(4);
    expect(await throttle.clear(limit)).toBe(second);
    clock.advance(second);
    expect(await throttle.clear(limit)).toBe(0);
    await countTimes(3);
    expect(await throttle.delay([limit])).toBe(0);
  });

  it('forgets a subject wherever it was counted', async () => {
    const other = { ...limit, subject: uuid() };
    const everywhere: Limit[] = [limit, { ...limit, from: '192.0.2.1' }, { ...limit, scope: 'password-change' }];
    for (const one of [...everywhere, other]) await countTimes(4, one);
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
