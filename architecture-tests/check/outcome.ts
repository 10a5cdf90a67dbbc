import type { Finding, Rule } from './rule.ts';

/** All that there is to tell about one run. */
export interface Outcome {
  readonly root: string;
  readonly rules: readonly Rule[];
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
  /** Known breaches that the baseline covers. */
  readonly frozen: number;
  readonly files: number;
  readonly examined: Readonly<Record<string, number>>;
  /** How many files a branch touched, where only those were asked about. */
  readonly changed: number | undefined;
  readonly milliseconds: number;
}

export const exitCode = ({ findings, problems }: Outcome): 0 | 1 | 2 =>
  problems.length > 0 ? 2 : findings.length > 0 ? 1 : 0;

export function summary({ findings, problems, frozen, files, rules, changed, milliseconds }: Outcome): string {
  const found = `${count(findings.length, 'breach', 'breaches')}${frozen > 0 ? `, ${frozen} frozen` : ''}`;
  const what = `${count(files, 'file')}, ${count(rules.length, 'rule')}${changed === undefined ? '' : `, ${count(changed, 'changed file')}`}`;
  const verdict = problems.length > 0 ? `could not check: ${count(problems.length, 'problem')}, ` : '';
  return `${verdict}${found} (${what}, ${(milliseconds / 1000).toFixed(1)} s)`;
}

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;
