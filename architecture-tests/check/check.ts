import { isTest, placeOf } from './places.ts';
import { CannotCheck } from './cannot-check.ts';
import type { Finding, Rule } from './rule.ts';
import { mayBeImpure } from './rules/pure-domain.ts';
import { mayHoldSql } from './sql/in-source.ts';
import { readSystem, type System } from './system.ts';

export interface Report {
  readonly findings: readonly Finding[];
  /** Why something could not be checked. With one of these, no finding means nothing. */
  readonly problems: readonly string[];
  readonly files: number;
  /** How many things each rule looked at. */
  readonly examined: Readonly<Record<string, number>>;
}

/** Reads a checkout; throws CannotCheck when there is nothing to be said about it. */
export const read = (root: string): System => readSystem(root, wantsTree);

/** Runs the rules, all of them at once. */
export async function check(system: System, rules: readonly Rule[]): Promise<Report> {
  // By what is told: two ways to the same breach are one breach.
  const findings = new Map<string, Finding>();
  const problems: string[] = [];
  const examined: Record<string, number> = {};
  const run = async (rule: Rule) => {
    try {
      examined[rule.id] = await rule.check(system, ({ line = 1, involves = [], ...breach }) => {
        findings.set(`${rule.id} ${breach.file}:${line} ${breach.what}`, {
          rule: rule.id,
          why: rule.why,
          line,
          involves,
          ...breach,
        });
      });
      if (examined[rule.id] === 0) problems.push(`The rule ${rule.id} found nothing to look at.`);
    } catch (error) {
      if (!(error instanceof CannotCheck)) throw error;
      problems.push(error.message);
    }
  };
  await Promise.all(rules.map(run));
  return { findings: [...findings.values()].sort(byPlace), problems, examined, files: system.tree.sources.size };
}

/** In these files rules look past the imports, so that their trees are worth keeping. */
function wantsTree(path: string, text: string): boolean {
  const place = placeOf(path);
  if (place.part === 'outside') return false;
  if (place.part !== 'module') return !isTest(path);
  if (place.role === 'contract' || place.role === 'wiring' || place.role === 'sagas') return true;
  return mayHoldSql(text) || (place.role === 'domain' && mayBeImpure(text));
}

const byPlace = (one: Finding, other: Finding): number =>
  compare(one.file, other.file) ||
  one.line - other.line ||
  compare(one.rule, other.rule) ||
  compare(one.what, other.what);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
