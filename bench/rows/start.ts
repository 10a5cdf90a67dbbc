import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, temporaryFolder } from '../../tests/support/running-program.ts';
import { median } from '../compare.ts';
import { childrenOf, cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { programSettings } from '../program.ts';
import type { Row } from '../row.ts';
import { atExit } from '../server.ts';

const rounds = 9;
const root = join(import.meta.dirname, '../..');

interface Start {
  readonly milliseconds: number;
  /** Microseconds until then, of the process itself and of PostgreSQL. */
  readonly cpu: { readonly node: number; readonly postgres: number };
}

/** Starts a process, waits until it is ready, and stops it again. */
async function timed(
  script: string,
  given: string[],
  environment: Record<string, string>,
  ready: (child: ChildProcess) => Promise<unknown>,
): Promise<Start> {
  const started = performance.now();
  const child = spawn(process.execPath, [join(root, script), ...given], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const forget = atExit(() => child.kill('SIGKILL'));
  const exit = new Promise((resolve) => child.once('exit', resolve));
  await Promise.race([ready(child), exit.then((code) => Promise.reject(new Error(`${script} ended with ${code}.`)))]);
  const milliseconds = performance.now() - started;
  const [postgres] = childrenOf(child.pid!);
  const cpu = { node: cpuTimeOf(child.pid!), postgres: postgres ? cpuTimeOfPostgres(postgres) : 0 };
  child.stdout!.resume();
  child.kill('SIGTERM');
  await exit;
  forget();
  return { milliseconds, cpu };
}

const saysReady = (child: ChildProcess) => new Promise((resolve) => child.stdout!.once('data', resolve));

const answersReady = (port: number) => async () => {
  while (
    !(await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await sleep(4);
};

export const row: Row = {
  title: 'Starting on data that is there',
  async run() {
    const folder = await temporaryFolder('fissile-bench-');
    const forget = atExit(() => void folder.remove());
    const port = await freePort();
    const environment = { ...programSettings, DATA_DIR: folder.path, HOST: '127.0.0.1', PORT: String(port) };
    const startProgram = () => timed('src/start.js', [], environment, answersReady(port));
    const startDatabase = () => timed('bench/peers/bare-database.ts', [folder.path], {}, saysReady);
    await startProgram();
    const starts: { ours: Start; peer: Start }[] = [];
    for (let round = 0; round < rounds; round++)
      starts.push({ ours: await startProgram(), peer: await startDatabase() });
    await folder.remove();
    forget();

    const middle = (of: (round: (typeof starts)[number]) => number) => median(starts.map(of));
    const ratio = middle(({ ours, peer }) => ours.milliseconds / peer.milliseconds);
    const describe = (side: 'ours' | 'peer') =>
      `${middle((round) => round[side].milliseconds).toFixed(0)} ms (CPU: Node ${inMs(middle((round) => round[side].cpu.node))}, PostgreSQL ${inMs(middle((round) => round[side].cpu.postgres))} ms)`;
    return [
      {
        ours: 'npm start without npm: the program with its embedded database, until /readyz says yes',
        peer: 'a script that starts the same database on the same data with the same settings and connects',
        load: `${rounds} starts of each by turns`,
        measured: `${ratio.toFixed(2)} times the time: ${describe('ours')} against ${describe('peer')}`,
        goal: 'at most twice the time',
        reached: ratio <= 2,
      },
    ];
  },
};

const inMs = (microseconds: number) => (microseconds / 1000).toFixed(0);
