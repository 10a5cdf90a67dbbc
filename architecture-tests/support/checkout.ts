/** A planted checkout, and the command line on it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { main } from '../check/command-line.ts';
import { rules as allRules } from '../check/rules.ts';
import { withCopy } from './planted.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Checkout {
  readonly root: string;
  write(path: string, text: string): void;
  git(...args: string[]): string;
  /** `npm run check -- --root <this> ...args`, without knip unless it is asked for. */
  check(...args: string[]): Promise<Run>;
}

/** All rules but the one that takes as long as all others together. */
const rules = allRules.filter(({ id }) => id !== 'unused').flatMap(({ id }) => ['--rule', id]);

export function withCheckout<T>(use: (checkout: Checkout) => Promise<T>): Promise<T> {
  return withCopy((root) =>
    use({
      root,
      write(path, text) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      },
      git: (...args) =>
        execFileSync('git', ['-C', root, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
          encoding: 'utf8',
        }),
      check: (...args) => run(['--root', root, ...(args.includes('--rule') ? [] : rules), ...args]),
    }),
  );
}

/** Runs the command line and returns its output and exit code. */
export async function run(args: readonly string[]): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  // CI decides what --freeze may do, and these tests may run in it.
  const { CI } = process.env;
  delete process.env.CI;
  try {
    const code = await main(args, {
      log: (words) => void out.push(`${words}\n`),
      error: (words) => void err.push(`${words}\n`),
    });
    return { code, out: stripVTControlCharacters(out.join('')), err: err.join('') };
  } finally {
    if (CI !== undefined) process.env.CI = CI;
  }
}

/** One breach, on the second line of a file. */
export const crossing = {
  path: 'modules/sales/use-cases/peek.ts',
  text: "\nimport type { Bills } from '../../billing/domain/bills.ts';\n\nexport type Peek = Bills;\n",
  what: 'reaches modules/billing/domain/bills.ts of module billing (type import)',
};
