import { isTest, placeOf } from './places.ts';
import { CannotCheck, type Finding, type Rule } from './rule.ts';
import { rules as allRules } from './rules.ts';
import { readSystem } from './system.ts';
import { mayHoldSql } from './sql/in-source.ts';

export interface Report {
  readonly root: string;
  readonly findings: readonly Finding[];
  readonly files: number;
  /** How many things each rule looked at. */
  readonly examined: Readonly<Record<string, number>>;
  readonly milliseconds: number;
}

/** Runs the rules on a checkout; throws CannotCheck when that would say nothing. */
export async function check(root: string, rules: readonly Rule[] = allRules): Promise<Report> {
  const start = performance.now();
  const system = readSystem(root, wantsTree);
  const findings: Finding[] = [];
  const examined: Record<string, number> = {};
  await Promise.all(
    rules.map(async (rule) => {
      examined[rule.id] = await rule.check(system, ({ line = 1, involves = [], ...breach }) =>
        findings.push({ rule: rule.id, why: rule.why, line, involves, ...breach }),
      );
    }),
  );
  const idle = Object.keys(examined).filter((id) => examined[id] === 0);
  if (idle.length > 0) {
    throw new CannotCheck(`The rule ${idle.join(' and ')} found nothing to look at, so it says nothing about ${root}.`);
  }
  return { root, findings: findings.sort(byPlace), files: system.tree.sources.size, examined, milliseconds: performance.now() - start };
}

/** In these files rules look past the imports, so that they are parsed whole at once. */
function wantsTree(path: string, text: string): boolean {
  const place = placeOf(path);
  if (place.part === 'outside') return false;
  if (place.part !== 'module') return !isTest(path);
  return place.role === 'contract' || place.role === 'wiring' || mayHoldSql(text);
}

const byPlace = (one: Finding, other: Finding): number =>
  compare(one.file, other.file) || one.line - other.line || compare(one.rule, other.rule) || compare(one.what, other.what);
const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
