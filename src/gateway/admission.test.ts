import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { Admission } from './admission.ts';

/** Milliseconds between two looks. */
const tick = 20;

let now: number;
let queueTime: number;
/** The part of a core that this process uses. */
let share: number;
let used: number;
let said: string[];
let admission: Admission;
beforeEach(() => {
  [now, queueTime, share, used, said] = [0, 0, 1, 0, []];
  admission = new Admission({
    queueTime: () => queueTime,
    now: () => now,
    cpuTime: () => used,
    tell: (line) => said.push(line),
  });
});

/** `late` is how many milliseconds later than asked for the event loop comes to each look. */
function pass(milliseconds: number, late = 0): void {
  for (const end = now + milliseconds; now < end;) {
    now += tick + late;
    used += share * (tick + late);
    admission.look();
  }
}

/** Sends so many at once; what becomes of them is in the order they came. */
function ask(count: number) {
  const all = Array.from({ length: count }, () => ({
    leave: undefined as (() => void) | undefined,
    retryAfter: undefined as number | undefined,
  }));
  for (const each of all) {
    const refusal = admission.isRefusalDue() ? admission.refusal() : undefined;
    if (refusal) each.retryAfter = refusal.retryAfter;
    else
      admission.enter().then(
        (leave) => (each.leave = leave),
        ({ retryAfter }: { retryAfter: number }) => (each.retryAfter = retryAfter),
      );
  }
  return {
    in: () => all.filter(({ leave }) => leave),
    refused: () => all.filter(({ retryAfter }) => retryAfter !== undefined).map((each) => each.retryAfter!),
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a burst', () => {
  it('of some hundred waits for its turn, and nobody is refused', async () => {
    const burst = ask(500);
    for (let round = 0; round < 12; round++) {
      await settled();
      for (const { leave } of burst.in()) leave!();
      pass(tick);
    }
    await settled();
    expect([burst.in().length, burst.refused().length]).toEqual([500, 0]);
    expect(said).toEqual([]);
  });

  it('of thousands is refused at once, except for what can be answered soon', async () => {
    const burst = ask(5_000);
    await settled();
    expect(burst.in()).toHaveLength(400);
    expect(burst.refused()).toHaveLength(5_000 - 400 - 100);
    expect(said).toEqual(['More is asked than can be answered: what could only wait is refused.']);
    pass(300);
    await settled();
    expect(burst.refused(), 'nobody waits for longer than a moment').toHaveLength(5_000 - 400);
  });

  it('is told to come back one after the other, a minute at most', () => {
    const turns = ask(5_000).refused();
    expect(turns[0]).toBeLessThan(1);
    expect(turns).toEqual([...turns].sort((a, b) => a - b));
    expect(turns.at(-1)).toBeGreaterThan(59);
    expect(new Set(turns.map(Math.ceil)).size).toBe(60);
  });
});

describe('the part that is refused', () => {
  /** The refusals among 100 requests that are answered at once. */
  const refusedOf100 = async () => {
    const some = ask(100);
    await settled();
    for (const { leave } of some.in()) leave!();
    return some.refused().length;
  };

  it('grows while work has to wait, until little is left, and never to all', async () => {
    await refusedOf100();
    queueTime = 40;
    pass(1_000);
    const [soon, later] = [await refusedOf100(), (pass(10_000), await refusedOf100())];
    expect(soon).toBeGreaterThan(5);
    expect(later).toBeGreaterThan(soon);
    expect(later).toBeLessThan(100);
  });

  it('is none again when nothing waits', async () => {
    await refusedOf100();
    queueTime = 40;
    pass(2_000);
    expect(await refusedOf100()).toBeGreaterThan(5);
    queueTime = 0;
    pass(5_000);
    expect(await refusedOf100()).toBe(0);
    pass(tick);
    expect(said.at(-1)).toBe('Nothing is refused any more.');
  });

  it.each([2, 10])('leaves as much as can be answered, and a short queue, at %i times the capacity', (multiple) => {
    const capacity = 10;
    // Work that is taken up comes back for more a little later, as a saga does.
    const returning = Array<number>(5).fill(0);
    let [waiting, done] = [0, 0];
    const delays: number[] = [];
    for (let round = 0; round < 2_000; round++) {
      let taken = 0;
      for (let asked = 0; asked < (multiple * capacity) / 2; asked++) if (!admission.isRefusalDue()) taken++;
      returning.push(taken);
      waiting += taken + returning.shift()!;
      const served = Math.min(capacity, waiting);
      waiting -= served;
      queueTime = (waiting / capacity) * tick;
      pass(tick);
      if (round < 1_000) continue;
      done += served;
      delays.push(queueTime);
    }
    expect(done / (1_000 * capacity)).toBeGreaterThan(0.95);
    expect(delays.sort((a, b) => a - b)[990]).toBeLessThan(20);
  });

  it('does not grow for a queue that comes and goes', async () => {
    await refusedOf100();
    for (let round = 0; round < 100; round++) {
      queueTime = round % 4 === 0 ? 50 : 0;
      pass(tick);
    }
    expect(await refusedOf100()).toBe(0);
  });

  it('grows when the event loop cannot keep up', async () => {
    await refusedOf100();
    pass(3_000, 60);
    expect(await refusedOf100()).toBeGreaterThan(5);
  });

  it('does not grow when the event loop is late because others use the processor', async () => {
    await refusedOf100();
    share = 0.2;
    pass(3_000, 60);
    expect(await refusedOf100()).toBe(0);
  });
});

describe('a gateway that more is asked of than it can answer', () => {
  const shelf = z.object({ shelf: z.string() });
  function library() {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const slow = endpoint(LibraryApi, 'GET /v1/books', {
      summary: 'Slow',
      access: 'user',
      answers: { status: 200, body: shelf },
      async handle() {
        await opened;
        return { status: 200, body: { shelf: 'A' } };
      },
    });
    const ofStaff = endpoint(LibraryApi, 'GET /v1/staff', {
      summary: 'For administrators',
      access: 'admin',
      answers: { status: 200, body: shelf },
      handle: async () => ({ status: 200, body: { shelf: 'B' } }),
    });
    const { http, metrics, drain } = gateway([slow, ofStaff], { queueTime: () => 100 });
    const get = (url: string, ...roles: ('customer' | 'admin')[]) =>
      http.get(url).set('Authorization', `Bearer ${tokenFor(somebody(...roles))}`);
    return { http, open, get, metrics, drain };
  }

  it('refuses with Retry-After, and answers probes and administrators', async () => {
    const { http, open, get, metrics, drain } = library();
    const asked = Array.from({ length: 600 }, async () => await get('/v1/books'));
    const first = await Promise.race(asked);
    expect(first.status).toBe(503);
    expect(Number(first.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(first.body).toMatchObject({
      code: 'platform.unavailable',
      detail: 'More is asked than can be answered right now. Try again later.',
    });
    expect((await http.get('/livez')).status).toBe(200);
    expect((await http.get('/readyz')).status).toBe(200);
    expect((await get('/v1/staff', 'admin')).status).toBe(200);
    open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeGreaterThanOrEqual(100);
    expect(statuses.filter((status) => status === 503)).toHaveLength(600 - answered);
    expect(await metrics.text()).toMatch(new RegExp(`^http_admission_refusals_total ${600 - answered}$`, 'm'));
    drain();
    const late = await Promise.all(Array.from({ length: 200 }, async () => await get('/v1/books')));
    const refused = late.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    for (const { headers } of late) expect(headers.connection, 'who comes while it stops goes elsewhere').toBe('close');
  });
});
