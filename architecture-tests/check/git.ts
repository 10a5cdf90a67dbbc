import { execFileSync } from 'node:child_process';
import { CannotCheck } from './cannot-check.ts';
import type { Finding } from './rule.ts';

const git = (root: string, ...args: string[]): string =>
  execFileSync('git', ['-C', root, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  });

/** A file as it was in a commit; undefined where there is none, or no git. */
export function gitShow(root: string, commit: string, path: string): string | undefined {
  try {
    return git(root, 'show', `${commit}:./${path}`);
  } catch {
    return undefined;
  }
}

/** The files that a branch touched since it left `base`, uncommitted ones included. */
export function changedSince(root: string, base: string): ReadonlySet<string> {
  try {
    const changed = git(root, 'diff', '--name-only', '--relative', '--no-renames', '-z', '--merge-base', base, '--');
    const added = git(root, 'ls-files', '--others', '--exclude-standard', '-z');
    return new Set(`${changed}${added}`.split('\0').filter((path) => path !== ''));
  } catch (error) {
    const [reason] = String((error as { stderr?: unknown }).stderr ?? error)
      .trim()
      .split('\n');
    throw new CannotCheck(`What changed since ${base} cannot be told: ${reason}`);
  }
}

export const touches = (changed: ReadonlySet<string>, { file, involves }: Finding): boolean =>
  [file, ...involves].some(
    (each) =>
      changed.has(each) || (each.endsWith('/') && [...changed].some((path) => each === './' || path.startsWith(each))),
  );
