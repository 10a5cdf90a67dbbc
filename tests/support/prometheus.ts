/** A Prometheus with a configuration that this repository ships, moved to where a test's processes are. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { freePort } from './running-program.ts';

const shipped = join(import.meta.dirname, '../../deploy/observability');

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Prometheus {
  readonly url: string;
  /** Its answer to an address of its API, `query?query=up`. */
  ask(path: string, parameters?: Readonly<Record<string, string>>): Promise<unknown>;
  query(expression: string): Promise<Sample[]>;
  stop(): Promise<void>;
}

const vector = z.object({
  resultType: z.literal('vector'),
  result: z.array(
    z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string().transform(Number)]) }),
  ),
});

/**
 * Starts it with the configuration `name`, in which each first text of `replaced` becomes the second. It looks every
 * second and not every fifteen, so that a test need not wait.
 */
export async function startPrometheus(
  name: string,
  replaced: readonly (readonly [string | RegExp, string])[],
): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'fissile-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  const everySecond = [
    [/_interval: 15s/g, '_interval: 1s'],
    ['- rules.yml', `- ${join(shipped, 'rules.yml')}`],
  ] as const;
  writeFileSync(
    config,
    [...everySecond, ...replaced].reduce(
      (text, [from, to]) => text.replaceAll(from, to),
      readFileSync(join(shipped, name), 'utf8'),
    ),
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const gone = once(child, 'close');
  const stop = async () => {
    child.kill();
    await gone;
    rmSync(folder, { recursive: true, force: true });
  };
  const url = `http://${address}`;
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const deadline = Date.now() + 60_000; !(await isReady()); await delay(50)) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error('Prometheus did not start');
  }

  const ask: Prometheus['ask'] = async (path, parameters = {}) => {
    const answer = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
    if (status !== 'success') throw new Error(`Prometheus says to ${JSON.stringify(parameters)}: ${error}`);
    return data;
  };
  const query: Prometheus['query'] = async (expression) =>
    vector.parse(await ask('query', { query: expression })).result.map(({ metric, value }) => ({
      metric,
      value: value[1],
    }));
  return { url, ask, query, stop };
}
