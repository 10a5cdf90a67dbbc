import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { remoteLibrary, serveLibrary, type ServedLibrary } from './testing/library.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const script = fileURLToPath(new URL('./testing/library-process.ts', import.meta.url));

async function replica(port = 0): Promise<{ process: ChildProcess; pid: string; address: string; port: number }> {
  const child = spawn(process.execPath, [script, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  opened.push(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  return { process: child, pid: String(child.pid), address: `127.0.0.1:${Number(line)}`, port: Number(line) };
}

function calling(addresses: readonly string[]) {
  const { module, library } = remoteLibrary(addresses.join(','));
  opened.push(() => module.close());
  /** Which replicas answered, and how often; `failed` for none. */
  const answers = async (times: number, timeout = 2_000) => {
    const counts: Record<string, number> = {};
    for (let time = 0; time < times; time++) {
      const who = await library.find({ book: 'Emma' }, { timeout }).then(
        ({ title }) => title,
        () => 'failed',
      );
      counts[who] = (counts[who] ?? 0) + 1;
    }
    return counts;
  };
  return { module, answers };
}

async function named(...names: string[]): Promise<ServedLibrary[]> {
  const replicas = await Promise.all(
    names.map((name) => serveLibrary({ find: async () => ({ title: name, shelf: null }) })),
  );
  opened.push(
    ...replicas.map(
      ({ server }) =>
        () =>
          server.close(0),
    ),
  );
  return replicas;
}

describe('calls of a module with several replicas', () => {
  it('go to each of them in turn', async () => {
    const replicas = await named('one', 'two', 'three');
    const { module, answers } = calling(replicas.map(({ address }) => address));
    await module.ready();
    await expect.poll(async () => Object.keys(await answers(9)).length).toBe(3);
    expect(await answers(90)).toEqual({ one: 30, two: 30, three: 30 });
  });

  it('leave out one that was killed, and take it back by themselves', async () => {
    const [one, two] = await Promise.all([replica(), replica()]);
    const { answers } = calling([one.address, two.address]);
    await expect.poll(async () => Object.keys(await answers(10)).length).toBe(2);
    one.process.kill('SIGKILL');
    await expect.poll(() => answers(50)).toEqual({ [two.pid]: 50 });

    const again = await replica(one.port);
    await expect.poll(async () => (await answers(10))[again.pid] ?? 0).toBe(5);
  });

  it('lose no query when a replica is killed among them', async () => {
    const [one, two] = await Promise.all([replica(), replica()]);
    const { answers } = calling([one.address, two.address]);
    await answers(10);
    const underWay = Promise.all(Array.from({ length: 20 }, () => answers(50)));
    one.process.kill('SIGKILL');
    for (const counts of await underWay) expect(counts.failed).toBeUndefined();
  });

  it('leave out one that hangs, and take it back when it goes on', async () => {
    const [one, two] = await Promise.all([replica(), replica()]);
    const { answers } = calling([one.address, two.address]);
    await expect.poll(async () => Object.keys(await answers(10)).length).toBe(2);
    one.process.kill('SIGSTOP');
    opened.push(() => one.process.kill('SIGCONT'));
    await expect.poll(() => answers(50)).toEqual({ [two.pid]: 50 });

    one.process.kill('SIGCONT');
    await expect.poll(async () => (await answers(10))[one.pid] ?? 0).toBe(5);
  });

  it('lose nothing when a server asks its clients to connect anew', async () => {
    const served = await serveLibrary({}, { maxConnectionAge: 100 });
    opened.push(() => served.server.close(0));
    const { library, module } = remoteLibrary(served.address);
    opened.push(() => module.close());
    const until = Date.now() + 2_000;
    const caller = async () => {
      let calls = 0;
      while (Date.now() < until) {
        await library.lend({ book: 'Emma', days: 1 });
        calls += 1;
      }
      return calls;
    };
    const counts = await Promise.all(Array.from({ length: 10 }, caller));
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  it('lose nothing when one server after the other is replaced', async () => {
    const [one, two] = (await named('one', 'two')) as [ServedLibrary, ServedLibrary];
    const { answers } = calling([one.address, two.address]);
    await answers(10);
    const underWay = Promise.all(Array.from({ length: 10 }, () => answers(100)));
    await one.server.close(2_000);
    const again = await serveLibrary(
      { find: async () => ({ title: 'one, again', shelf: null }) },
      { port: one.server.port },
    );
    opened.push(() => again.server.close(0));
    await expect.poll(async () => (await answers(10))['one, again'] ?? 0).toBe(5);
    await two.server.close(2_000);
    for (const counts of await underWay) expect(counts.failed).toBeUndefined();
    expect(await answers(10)).toEqual({ 'one, again': 10 });
  });
});
