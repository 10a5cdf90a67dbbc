import { describe, expect, it } from 'vitest';
import { BoundedQueue } from './bounded-queue.ts';

function setUp(concurrency: number, longest: number) {
  const queue = new BoundedQueue(concurrency, longest, () => new Error('busy'));
  const started: string[] = [];
  const finish: Record<string, () => void> = {};
  const run = (name: string, signal?: AbortSignal) =>
    queue.run(() => {
      started.push(name);
      return new Promise<string>((resolve) => (finish[name] = () => resolve(name)));
    }, signal);
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { queue, started, finish, run, settle };
}

describe('a bounded queue', () => {
  it('runs no more at a time than it may, and the rest in order', async () => {
    const { run, started, finish, settle } = setUp(2, 10);
    const all = ['a', 'b', 'c', 'd'].map((name) => run(name));
    await settle();
    expect(started).toEqual(['a', 'b']);
    finish.b?.();
    await settle();
    expect(started).toEqual(['a', 'b', 'c']);
    all.push(run('e'));
    await settle();
    expect(started, 'a late comer').toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c']) finish[name]?.();
    await settle();
    for (const name of ['d', 'e']) finish[name]?.();
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('refuses at once when too many wait', async () => {
    const { run, finish, settle } = setUp(1, 1);
    const [first, second] = [run('a'), run('b')];
    await expect(run('c')).rejects.toThrow('busy');
    finish.a?.();
    await settle();
    finish.b?.();
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  it('goes on after a failure', async () => {
    const { queue, run, finish, settle } = setUp(1, 5);
    const failing = queue.run(() => Promise.reject(new Error('broken')));
    const next = run('next');
    await expect(failing).rejects.toThrow('broken');
    await settle();
    finish.next?.();
    expect(await next).toBe('next');
    const after = run('after');
    await settle();
    finish.after?.();
    expect(await after).toBe('after');
  });

  it('drops work that nobody waits for any more', async () => {
    const { run, started, finish, settle } = setUp(1, 1);
    const first = run('a');
    const gone = new AbortController();
    const abandoned = run('b', gone.signal);
    gone.abort();
    await expect(abandoned).rejects.toThrow('busy');
    await expect(run('c', gone.signal)).rejects.toThrow('busy');
    const next = run('d');
    finish.a?.();
    await settle();
    expect(started).toEqual(['a', 'd']);
    finish.d?.();
    expect(await Promise.all([first, next])).toEqual(['a', 'd']);
  });
});
