import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../tests/support/running-program.ts';
import { isAlive } from '../postgres/postmaster-file.ts';
import type { Instance } from './instances.ts';
import { MergedLog } from './merged-log.ts';
import { Supervisor } from './supervisor.ts';

const script = fileURLToPath(new URL('../../../tests/topologies/fake-process.ts', import.meta.url));

let folder: string;
let journal: string;
let printed: string;
const started: Supervisor[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fissile-supervisor-'));
  journal = join(folder, 'journal');
  printed = '';
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((supervisor) => supervisor.stop()));
  rmSync(folder, { recursive: true, force: true });
});

/** Three processes; `fake` says how one misbehaves. */
async function three(fake = '', stopTimeout = 2_000) {
  const ports: Record<string, number> = {};
  const instances: Instance[] = [];
  for (const name of ['front', 'library', 'shop']) {
    ports[name] = await freePort();
    const environment = {
      PATH: process.env.PATH,
      MODULES: name,
      PORT: String(ports[name]),
      FAKE: fake,
      FAKE_JOURNAL: journal,
    };
    instances.push({ name, isGateway: name === 'front', environment });
  }
  const write = (text: string) => (printed += text);
  const log = new MergedLog(Object.keys(ports), {
    format: 'terminal',
    color: false,
    out: { write },
    toPerson: { write },
  });
  const supervisor = new Supervisor(instances, { command: [process.execPath, script], log, stopTimeout });
  started.push(supervisor);
  return {
    supervisor,
    ask: (name: string, path = '/') =>
      fetch(`http://127.0.0.1:${ports[name]}${path}`, { headers: { connection: 'close' } }),
  };
}

const journaled = () =>
  readFileSync(journal, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ') as [what: string, who: string, pid: string]);
const pidOf = (name: string) => Number(journaled().findLast(([what, who]) => what === 'start' && who === name)![2]);
const alive = () => journaled().filter(([, , pid]) => isAlive(Number(pid)));

describe('the supervisor', () => {
  it('starts all processes and knows the way in', async () => {
    const { supervisor, ask } = await three();
    const { ready } = await supervisor.start();
    expect(await (await fetch(ready)).json()).toMatchObject({ modules: 'front' });
    for (const name of ['library', 'shop']) expect(await (await ask(name)).json()).toMatchObject({ modules: name });
  });

  it('says of every line whose it is', async () => {
    const { supervisor } = await three();
    await supervisor.start();
    await expect.poll(() => printed).toMatch(/^shop {4}\d\d:\d\d:\d\d info {2}shop It serves\. n=1$/m);
    expect(printed).toMatch(/^library Somebody should know this\.$/m);
  });

  it('stops the gateway before what it leads to', async () => {
    const { supervisor } = await three();
    await supervisor.start();
    await supervisor.stop();
    const stops = journaled()
      .filter(([what]) => what === 'stop')
      .map(([, who]) => who);
    expect(stops[0]).toBe('front');
    expect(stops.slice(1).toSorted()).toEqual(['library', 'shop']);
    expect(alive()).toEqual([]);
  });

  it('kills what does not end in time, and says so', async () => {
    const { supervisor } = await three('shop=stubborn', 300);
    await supervisor.start();
    const asked = performance.now();
    await supervisor.stop();
    expect(performance.now() - asked, 'it never ends by itself').toBeLessThan(30_000);
    expect(printed).toMatch(/^shop .* warn {2}Did not end when it was asked to, and was killed\.$/m);
    expect(alive()).toEqual([]);
  });

  it('starts again what was killed, and leaves the others alone', async () => {
    const { supervisor, ask } = await three();
    await supervisor.start();
    const [front, shop] = [pidOf('front'), pidOf('shop')];
    process.kill(shop, 'SIGKILL');
    await expect
      .poll(() =>
        ask('shop').then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true);
    expect(pidOf('shop')).not.toBe(shop);
    expect(pidOf('front')).toBe(front);
    expect(printed).toMatch(/^shop .* error shop ended by SIGKILL\. It is started again in 0\.2 s\.$/m);
    await expect.poll(() => printed).toMatch(/^shop .* info {2}Ready again after \d\.\d s\.$/m);
  });

  it('waits longer each time for what dies young', async () => {
    const { supervisor, ask } = await three();
    await supervisor.start();
    for (let death = 1; death <= 3; death++) {
      await expect
        .poll(() =>
          ask('shop', '/die').then(
            () => 'alive',
            ({ cause }) => cause.code,
          ),
        )
        .toBe('UND_ERR_SOCKET');
    }
    await expect.poll(() => printed.match(/with exit code 7\. It is started again in (\S+) s/g)?.length).toBe(3);
    expect([...printed.matchAll(/again in (\S+) s/g)].map(([, pause]) => pause)).toEqual(['0.2', '0.4', '0.8']);
  });

  it('ends no restart that is still to come', async () => {
    const { supervisor } = await three();
    await supervisor.start();
    process.kill(pidOf('shop'), 'SIGKILL');
    await expect.poll(() => printed).toContain('started again in');
    await supervisor.stop();
    const starts = journaled().length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(journaled()).toHaveLength(starts);
    expect(alive()).toEqual([]);
  });

  it.each([
    ['refuses to start', 'library=refuse', 'library: SETTING is wrong. Correct it.'],
    ['dies while it starts', 'library=crash', 'library ended with exit code 3.'],
  ])('gives up when one %s, in its words, and leaves nothing running', async (_, fake, said) => {
    const { supervisor } = await three(fake);
    await expect(supervisor.start()).rejects.toMatchObject({ name: 'StartupError', message: said });
    await supervisor.stop();
    expect(printed, 'that line is not told twice').not.toContain('SETTING is wrong');
    expect(journaled().filter(([what, who]) => what === 'start' && who === 'library')).toHaveLength(1);
    expect(alive()).toEqual([]);
  });
});
