import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, temporaryFolder } from '../../tests/support/running-program.ts';
import { median } from '../compare.ts';
import { programSettings } from '../program.ts';
import type { Row } from '../row.ts';
import { atExit } from '../server.ts';

const rounds = 9;
const settlingTime = 3_000;
const root = join(import.meta.dirname, '../..');
const file = join(root, 'dist', process.platform === 'win32' ? 'fissile.exe' : 'fissile');

interface Run {
  /** Milliseconds until /readyz says yes. */
  readonly start: number;
  /** Megabytes of the process itself a while later, without those of files that it has open in memory. */
  readonly idle: number;
}

/** Starts a program on data that is there, lets it rest if asked to, and stops it again. */
async function measured(command: readonly [string, ...string[]], dataDir: string, rest: boolean): Promise<Run> {
  const port = await freePort();
  const started = performance.now();
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      ...programSettings,
      DATA_DIR: dataDir,
      HOST: '127.0.0.1',
      PORT: String(port),
    },
    stdio: 'ignore',
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  const exit = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([
    ready(port),
    exit.then((code) => Promise.reject(new Error(`${command.join(' ')} ended with ${code}.`))),
  ]);
  const start = performance.now() - started;
  if (rest) await sleep(settlingTime);
  const idle = memoryOf(child);
  child.kill('SIGTERM');
  await exit;
  forget();
  return { start, idle };
}

async function ready(port: number): Promise<void> {
  while (
    !(await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await sleep(4);
}

/** Leaves out pages that the processor maps from the file: others can have them at any time. */
const memoryOf = ({ pid }: ChildProcess): number =>
  process.platform === 'linux'
    ? Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
    : 0;

export const row: Row = {
  title: 'The program as one file',
  async run() {
    if (!existsSync(file)) return 'there is no dist/fissile; run npm run build';
    const folder = await temporaryFolder('fissile-bench-');
    const forget = atExit(() => void folder.remove());
    const sources = [process.execPath, join(root, 'src/start.js')] as const;
    // The first starts write: the database, the programs, Node's compile cache.
    for (const command of [sources, [file] as const]) await measured(command, folder.path, false);
    const starts: { ours: Run; peer: Run }[] = [];
    for (let round = 0; round < rounds; round++) {
      starts.push({
        ours: await measured([file], folder.path, false),
        peer: await measured(sources, folder.path, false),
      });
    }
    const idle = { ours: await measured([file], folder.path, true), peer: await measured(sources, folder.path, true) };
    await folder.remove();
    forget();

    const middle = (of: (round: (typeof starts)[number]) => number) => median(starts.map(of));
    const ratio = middle(({ ours, peer }) => ours.start / peer.start);
    const size = statSync(file).size / 1e6;
    const names = { ours: 'dist/fissile', peer: 'npm start without npm, with its compile cache' };
    return [
      {
        ...names,
        peer: 'nothing',
        load: 'none',
        measured: `${size.toFixed(1)} MB on disk`,
        goal: 'under 150 MB',
        reached: size < 150,
      },
      {
        ...names,
        load: `${rounds} starts of each by turns, on data that is there, until /readyz says yes`,
        measured: `${ratio.toFixed(2)} times the time: ${middle(({ ours }) => ours.start).toFixed(0)} against ${middle(({ peer }) => peer.start).toFixed(0)} ms`,
        goal: 'at most 1.2 times the time',
        reached: ratio <= 1.2,
      },
      {
        ...names,
        load: `none, ${settlingTime / 1000} s after the start, without what is mapped from files`,
        measured: `${idle.ours.idle.toFixed(0)} MB against ${idle.peer.idle.toFixed(0)} MB`,
        goal: 'no more',
        reached: idle.ours.idle <= idle.peer.idle,
      },
    ];
  },
};
