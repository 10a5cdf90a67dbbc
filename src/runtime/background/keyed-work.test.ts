import { describe, expect, it } from 'vitest';
import { KeyedWork } from './keyed-work.ts';

/** Jobs that end when the test says so, and a record of what runs. */
function workshop(limit: number, laneLimit: number) {
  const work = new KeyedWork(limit, laneLimit);
  const running: string[] = [];
  const dropped: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (lane: string, key: string, name: string) =>
    work.add(lane, key, {
      run: async () => {
        running.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        running.splice(running.indexOf(name), 1);
      },
      drop: () => dropped.push(name),
    });
  const end = async (name: string) => {
    ends.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { work, running, dropped, add, end };
}

describe('work by key', () => {
  it('does not start before it is opened', () => {
    const { work, running, add } = workshop(2, 2);
    add('lane', 'a', 'a1');
    expect(running).toEqual([]);
    work.open();
    expect(running).toEqual(['a1']);
  });

  it('is done one after the other for a key, and at once for different keys', async () => {
    const { work, running, add, end } = workshop(10, 10);
    work.open();
    for (const name of ['a1', 'a2', 'b1']) add('lane', name[0]!, name);
    expect(running).toEqual(['a1', 'b1']);
    await end('a1');
    expect(running).toEqual(['b1', 'a2']);
  });

  it('stays within its bounds, in all and for a lane', async () => {
    const { work, running, add, end } = workshop(3, 2);
    work.open();
    for (const name of ['x1', 'x2', 'x3', 'y1', 'y2']) add(name[0]!, name, name);
    expect(running).toEqual(['x1', 'x2', 'y1']);
    await end('y1');
    expect(running).toEqual(['x1', 'x2', 'y2']);
    await end('x1');
    expect(running).toEqual(['x2', 'y2', 'x3']);
  });

  it('gives every lane its turn', async () => {
    const { work, running, add, end } = workshop(1, 1);
    work.open();
    for (const name of ['x1', 'x2', 'x3', 'y1', 'z1']) add(name[0]!, name, name);
    const order: string[] = [];
    while (running.length > 0) {
      order.push(running[0]!);
      await end(running[0]!);
    }
    expect(order).toEqual(['x1', 'y1', 'z1', 'x2', 'x3']);
  });

  it('is idle when nothing runs and nothing waits', async () => {
    const { work, add, end } = workshop(1, 1);
    work.open();
    await work.idle();
    add('lane', 'a', 'a1');
    add('lane', 'b', 'b1');
    let idle = false;
    const waiting = work.idle().then(() => (idle = true));
    await end('a1');
    expect(idle).toBe(false);
    await end('b1');
    await waiting;
  });

  it('drops what waits when it is closed, and says so', async () => {
    const { work, running, dropped, add, end } = workshop(1, 1);
    work.open();
    for (const name of ['a1', 'a2', 'b1']) add('lane', name[0]!, name);
    work.close();
    expect(dropped).toEqual(['a2', 'b1']);
    await end('a1');
    expect(running).toEqual([]);
    await work.idle();
  });
});
