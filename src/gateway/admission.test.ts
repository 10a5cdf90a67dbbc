import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { serve as serveModule } from '../../tests/support/served-gateway.ts';
import { Admission, detail } from './admission.ts';

/** Milliseconds between two looks. */
const tick = 20;

let now: number;
let queueTime: number;
let sagas: number;
/** The part of a core that this process uses. */
let share: number;
let used: number;
let said: string[];
let admission: Admission;
beforeEach(start);

function start(): void {
  [now, queueTime, sagas, share, used, said] = [0, 0, 0, 1, 0, []];
  admission = new Admission({
    queueTime: () => queueTime,
    sagas: () => sagas,
    forwarded: () => 0,
    now: () => now,
    cpuTime: () => used,
    tell: (line) => said.push(line),
  });
}

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
  const leaves: (() => void)[] = [];
  const refused: number[] = [];
  for (let each = 0; each < count; each++) {
    if (admission.isRefusalDue()) refused.push(admission.refuse());
    else leaves.push(admission.enter());
  }
  return { taken: leaves.length, refused, answer: () => leaves.forEach((leave) => leave()) };
}
/**
 * Orders: each is nine pieces of work in a row, the first to place it and the others by a saga. Ten pieces are in work at
 * once, for 5 ms each, and for 10 ms in every other second, as while a database writes a checkpoint. Orders come from clients
 * who wait for their answers, or in handfuls at a pace that heeds nothing.
 */
function serve({ clients = 0, perSecond = 0 }): { perSecond: number; p99: number } {
  interface Order {
    readonly asked: number;
    readonly leave: () => void;
    left: number;
    since: number;
    end: number;
  }
  const [milliseconds, settling] = [20_000, 4_000];
  const times: number[] = [];
  const queue: Order[] = [];
  let inWork: Order[] = [];
  let [orders, due] = [0, 0];
  start();
  while (now < milliseconds) {
    if (now % 5 === 0) due += clients > 0 ? clients - orders : perSecond / 200;
    for (; due >= 1; due--) {
      if (admission.isRefusalDue()) admission.refuse();
      else {
        queue.push({ asked: now, leave: admission.enter(), left: 9, since: now, end: 0 });
        orders++;
      }
    }
    now++;
    used += share;
    for (const order of inWork) {
      if (order.end > now) continue;
      if (--order.left === 8) {
        order.leave();
        sagas++;
      }
      if (order.left > 0) queue.push(Object.assign(order, { since: now }));
      else {
        [orders, sagas] = [orders - 1, sagas - 1];
        if (now > settling) times.push(now - order.asked);
      }
    }
    inWork = inWork.filter(({ end }) => end > now);
    for (const order of queue.splice(0, 10 - inWork.length))
      inWork.push(Object.assign(order, { end: now + (now % 2_000 < 1_000 ? 10 : 5) }));
    queueTime = queue[0] === undefined ? 0 : now - queue[0].since;
    if (now % tick === 0) admission.look();
  }
  return {
    perSecond: times.length / ((milliseconds - settling) / 1_000),
    p99: times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]!,
  };
}

describe('a burst', () => {
  it('of some hundred is taken up, and nobody is refused', () => {
    expect(ask(500)).toMatchObject({ taken: 500, refused: [] });
    expect(said).toEqual([]);
  });

  it('of thousands is refused at once, except for what can be answered soon', () => {
    const burst = ask(5_000);
    expect(burst.taken).toBe(500);
    expect(said).toEqual(['More is asked than can be answered: what could only wait is refused.']);
    burst.answer();
    expect(ask(500).taken).toBe(500);
  });

  it('is held back although it came slowly, as bodies do, and was let in over time', () => {
    for (let each = 0; each < 600; each++) {
      expect(admission.isRefusalDue()).toBe(false);
      if (each % 100 === 0) pass(tick);
    }
    for (let each = 0; each < 500; each++) admission.enter();
    expect(() => admission.enter()).toThrow('More is asked than can be answered right now.');
  });

  it('is told to come back one after the other, a minute at most', () => {
    const turns = ask(5_000).refused;
    expect(turns[0]).toBeLessThan(1);
    expect(turns).toEqual([...turns].sort((a, b) => a - b));
    expect(turns.at(-1)).toBeGreaterThan(59);
    expect(new Set(turns.map(Math.ceil)).size).toBe(60);
  });
});

describe('the limit of work', () => {
  /** How many of 100 at once are taken up and answered. */
  const takenOf100 = (): number => {
    const some = ask(100);
    some.answer();
    return some.taken;
  };
  const queueFor = (milliseconds: number) => {
    queueTime = 40;
    pass(milliseconds);
  };

  it('falls while work has to wait, and a few are taken up however long it waits', () => {
    const crowd = ask(400);
    queueFor(400);
    crowd.answer();
    const soon = takenOf100();
    queueFor(10_000);
    expect(takenOf100()).toBeLessThan(soon);
    expect(takenOf100()).toBe(16);
  });

  it('counts the sagas that the requests leave behind', () => {
    takenOf100();
    sagas = 10;
    queueFor(1_000);
    expect(takenOf100()).toBe(6);
  });

  it('lets in one at a time whatever else is under way', () => {
    takenOf100();
    sagas = 1_000;
    queueFor(10_000);
    for (let each = 0; each < 5; each++) {
      expect(takenOf100()).toBe(1);
      pass(tick);
    }
  });

  it('rises while it is reached and little has to wait', () => {
    takenOf100();
    queueFor(1_000);
    const low = takenOf100();
    queueTime = 0;
    for (let round = 0; round < 100; round++) {
      takenOf100();
      pass(tick);
    }
    expect(takenOf100()).toBeGreaterThan(2 * low);
  });

  it('is gone when nothing was refused for a second', () => {
    takenOf100();
    queueFor(2_000);
    expect(takenOf100()).toBeLessThan(100);
    expect(admission.refusing).toBe(0);
    pass(tick);
    expect(admission.refusing).toBeGreaterThan(0);
    queueTime = 0;
    pass(1_500);
    expect(takenOf100()).toBe(100);
    expect(admission.refusing).toBe(0);
    expect(said.at(-1)).toBe('Nothing is refused any more.');
  });

  it.each([2, 10])('leaves as much as can be answered, as fast as when busy, at %i times the capacity', (multiple) => {
    const busy = serve({ clients: 16 });
    const crowded = serve({ perSecond: multiple * busy.perSecond });
    expect(crowded.perSecond / busy.perSecond).toBeGreaterThan(0.95);
    expect(crowded.p99 / busy.p99).toBeLessThan(1.5);
  });

  it('is not set for a queue that comes and goes', () => {
    takenOf100();
    for (let round = 0; round < 100; round++) {
      queueTime = round % 4 === 0 ? 50 : 0;
      pass(tick);
    }
    expect(takenOf100()).toBe(100);
  });

  it('is set when the event loop cannot keep up', () => {
    takenOf100();
    pass(3_000, 60);
    expect(takenOf100()).toBe(16);
  });

  it('is not set when the event loop is late because others use the processor', () => {
    takenOf100();
    share = 0.2;
    pass(3_000, 60);
    expect(takenOf100()).toBe(100);
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
    drain();
    const late = await get('/v1/books');
    expect(late.status).toBe(503);
    expect(late.headers.connection, 'who comes while it stops goes elsewhere').toBe('close');
    open();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    const answered = statuses.filter((status) => status === 200).length;
    expect(answered).toBeGreaterThanOrEqual(100);
    expect(statuses.filter((status) => status === 503)).toHaveLength(600 - answered);
    expect(await metrics.text()).toMatch(new RegExp(`^fissile_admission_refusals_total ${600 - answered + 1}$`, 'm'));
  });

  it('counts what it forwards as its own work', async () => {
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const away = endpoint(LibraryApi, 'GET /v1/books', {
      summary: 'Elsewhere',
      access: 'anyone',
      answers: { status: 200, body: shelf },
      async handle() {
        await opened;
        return { status: 200, body: { shelf: 'A' } };
      },
    });
    const module = await serveModule([away]);
    const upstreams = [{ name: 'library', endpoints: [away], origins: [module.url], certificates: undefined }];
    const { http } = gateway([], { upstreams, queueTime: () => 100 });
    const details: unknown[] = [];
    const twoMore = () => [0, 1].map(() => http.get('/v1/books').then(({ body }) => details.push(body.detail)));
    const asked: Promise<number>[] = [];
    await expect.poll(() => (asked.push(...twoMore()), details)).toContain(detail);
    open();
    await Promise.all(asked);
  });
});
