/** A real Prometheus that scrapes programs under test every second. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, temporaryFolder } from './running-program.ts';

/** Why there can be none; undefined if there can. */
export function withoutPrometheus(): string | undefined {
  const missing = ['prometheus', 'promtool'].find((name) => spawnSync(name, ['--version']).status !== 0);
  if (missing === undefined) return undefined;
  if (process.env.REQUIRE_SERVICES === '1') throw new Error(`A test needs ${missing} on the path.`);
  return `needs ${missing} on the path`;
}

export interface Prometheus {
  /** The `data` of an answer of its API: `/api/v1/query?query=up`. */
  ask(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

/** `targets`: `127.0.0.1:3000` and so on. */
export async function startPrometheus(targets: readonly string[]): Promise<Prometheus> {
  const folder = await temporaryFolder('fissile-prometheus-');
  const port = await freePort();
  const file = join(folder.path, 'prometheus.yml');
  const scrapes = [{ job_name: 'fissile', static_configs: [{ targets }] }];
  writeFileSync(file, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: scrapes }));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`, child);
  return {
    async ask(path) {
      const { data } = (await (await fetch(url + path)).json()) as { data: unknown };
      return data;
    },
    async stop() {
      child.kill('SIGKILL');
      await folder.remove();
    },
  };
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline && child.exitCode === null;) {
    const answered = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answered) return;
    await delay(50);
  }
  child.kill('SIGKILL');
  throw new Error('Prometheus did not start.');
}
