import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

function setUp(concurrency: number, longest: number) {
  const queue = new FairQueue(concurrency, longest, () => new Error('busy'));
  const started: string[] = [];
  const finish: Record<string, () => void> = {};
  /** `name` is `<network>`, `<network>/<account>` or `<network>/<account> <which>`. */
  const run = (name: string, signal?: AbortSignal) => {
    const [network = '', account = ''] = (name.split(' ')[0] ?? '').split('/');
    const work = () => {
      started.push(name);
      return new Promise<string>((resolve) => (finish[name] = () => resolve(name)));
    };
    return queue.run(work, { network, account }, signal);
  };
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  /** Finishes whatever runs until nothing does. */
  const finishAll = async () => {
    await settle();
    for (let done = 0; done < started.length; done++) {
      finish[started[done]!]?.();
      await settle();
    }
  };
  return { queue, started, finish, run, settle, finishAll };
}

describe('a fair queue', () => {
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
    const failing = queue.run(() => Promise.reject(new Error('broken')), { network: '', account: '' });
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

  it('starts what another network asks for next, however many wait before it', async () => {
    const { run, started, finishAll } = setUp(2, 1_000);
    const flood = Array.from({ length: 300 }, (_, index) => run(`attacker/person-${index}`));
    const others = [run('home/ada'), run('office/bob')];
    await finishAll();
    await Promise.all([...flood, ...others]);
    expect(started.indexOf('home/ada')).toBe(3);
    expect(started.indexOf('office/bob')).toBe(4);
  });

  it('lets the accounts of a network take turns', async () => {
    const { run, started, finishAll } = setUp(1, 1_000);
    const flood = Array.from({ length: 50 }, (_, index) => run(`office/mallory ${index}`));
    const colleague = [run('office/ada 0'), run('office/ada 1')];
    await finishAll();
    await Promise.all([...flood, ...colleague]);
    expect([started.indexOf('office/ada 0'), started.indexOf('office/ada 1')]).toEqual([2, 4]);
  });

  it('when full, lets in who has fewer, and turns away the last one of who has most', async () => {
    const { run, started, finishAll } = setUp(1, 6);
    const outcomes: Record<string, string> = {};
    const ask = (name: string) =>
      run(name).then(
        () => (outcomes[name] = 'done'),
        ({ message }) => (outcomes[name] = message as string),
      );
    const flood = Array.from({ length: 10 }, (_, index) => ask(`attacker/mallory ${index}`));
    const colleague = ask('attacker/eve');
    const homes = [ask('home/ada'), ask('home/bob'), ask('home/cleo'), ask('home/dan')];
    await finishAll();
    await Promise.all([...flood, colleague, ...homes]);
    const refused = Object.keys(outcomes)
      .filter((name) => outcomes[name] === 'busy')
      .sort();
    expect(refused).toEqual([
      'attacker/mallory 3',
      'attacker/mallory 4',
      'attacker/mallory 5',
      'attacker/mallory 6',
      'attacker/mallory 7',
      'attacker/mallory 8',
      'attacker/mallory 9',
      'home/dan',
    ]);
    expect(started).toHaveLength(7);
  });

  it('forgets networks whose waiters have all gone away', async () => {
    const { run, started, finishAll } = setUp(1, 3);
    const running = run('home');
    const gone = new AbortController();
    const left = ['a', 'b', 'c'].map((network) => expect(run(network, gone.signal)).rejects.toThrow('busy'));
    gone.abort();
    await Promise.all(left);
    const others = ['d', 'e', 'f'].map((network) => run(network));
    await finishAll();
    await Promise.all([running, ...others]);
    expect(started).toEqual(['home', 'd', 'e', 'f']);
  });
});
