/** Runs a Node program to its end and tells what it cost, with every Node program that it started. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Cost {
  readonly milliseconds: number;
  /** CPU time of all processes, in milliseconds. */
  readonly cpu: number;
  /** The largest peaks of each process added up, in megabytes: never less than what was in use at once. */
  readonly memory: number;
  readonly output: string;
}

/** Each process writes down what it used, when it ends. */
const bookkeeper = (folder: string) => `
import { writeFileSync } from 'node:fs';
process.once('exit', () => writeFileSync(${JSON.stringify(folder)} + '/' + process.pid + '.usage', JSON.stringify(process.resourceUsage())));
`;

export function measureProgram(args: readonly string[], cwd: string): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'fissile-bench-usage-'));
  const preload = join(folder, 'bookkeeper.mjs');
  writeFileSync(preload, bookkeeper(folder));
  const env = { ...process.env, NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` };
  const start = performance.now();
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd, env, maxBuffer: 1 << 30, timeout: 900_000 }, (error, output, words) => {
      const milliseconds = performance.now() - start;
      const usages = readdirSync(folder)
        .filter((name) => name.endsWith('.usage'))
        .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as NodeJS.ResourceUsage);
      rmSync(folder, { recursive: true, force: true });
      // A breach that was found is exit code 1, or a number of them.
      if (error && (typeof error.code !== 'number' || output === ''))
        return reject(new Error(`${args.join(' ')} failed: ${words || error.message}`));
      const sum = (of: (usage: NodeJS.ResourceUsage) => number) =>
        usages.reduce((total, usage) => total + of(usage), 0);
      resolve({
        milliseconds,
        cpu: sum(({ userCPUTime, systemCPUTime }) => userCPUTime + systemCPUTime) / 1000,
        memory: sum(({ maxRSS }) => maxRSS) / 1024,
        output,
      });
    });
  });
}
