import { exitCode, type Outcome } from '../outcome.ts';

/** For a script. */
export function json(outcome: Outcome): string {
  const { rules, findings, problems, frozen, files, examined, changed, milliseconds } = outcome;
  const told = {
    exitCode: exitCode(outcome),
    findings: findings.map(({ involves: _, ...finding }) => finding),
    problems,
    frozen,
    files,
    changed,
    rules: rules.map(({ id, title, adr }) => ({ id, title, adr, examined: examined[id] ?? 0 })),
    milliseconds: Math.round(milliseconds),
  };
  return JSON.stringify(told, null, 2);
}
