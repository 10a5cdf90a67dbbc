import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { freeze, judge } from './baseline.ts';
import { check, read } from './check.ts';
import { github } from './formats/github.ts';
import { json } from './formats/json.ts';
import { sarif } from './formats/sarif.ts';
import { text } from './formats/text.ts';
import { changedSince, touches } from './git.ts';
import { writeLock } from './lock/write.ts';
import { exitCode, type Outcome } from './outcome.ts';
import { CannotCheck } from './cannot-check.ts';
import type { Finding, Rule } from './rule.ts';
import { rules as allRules } from './rules.ts';

const help = `Checks that nothing crosses the boundaries between modules.

Usage: npm run check [-- options]

  --root DIR       check another checkout with the same layout (default: this one)
  --format FORMAT  text, json, sarif (2.1.0) or github (default: text)
  --changed BASE   tell only what a branch touched since it left BASE
  --rule RULE      run this rule only; can be repeated
  --freeze         write the first architecture-tests/baseline.json, or take out of it what is mended
  --lock           add what is new in the contracts to architecture-tests/contract-lock.json
  --retire ENTRY   take an entry out of it that no peer uses any more; can be repeated
  --help, -h       show this

Exit codes: 0 nothing found, 1 a breach, 2 could not check.
`;

const formats = { text, json, sarif, github } as const;

const options = {
  root: { type: 'string', default: '.' },
  format: { type: 'string', default: 'text' },
  changed: { type: 'string' },
  rule: { type: 'string', multiple: true },
  freeze: { type: 'boolean', default: false },
  lock: { type: 'boolean', default: false },
  retire: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** Where words go: a console has these two. */
export type Output = Pick<Console, 'log' | 'error'>;

/** Runs what the arguments ask for; resolves with the exit code. */
export async function main(args: readonly string[], output: Output): Promise<number> {
  const told = (words: string, code: number): number => {
    output.log(words);
    return code;
  };
  try {
    const { values } = parse(args);
    if (values.help) return told(help, 0);
    const format = Object.hasOwn(formats, values.format) ? formats[values.format as keyof typeof formats] : undefined;
    if (!format) throw new CannotCheck(`--format is one of ${Object.keys(formats).join(', ')}.`);
    const root = resolve(values.root);
    if (values.lock || values.retire) return told(writeLock(read(root), values.retire ?? []), 0);
    const rules = chosen(values.rule);
    if (values.freeze) return told(freeze(root, await findings(root, rules)), 0);
    const outcome = await run(root, rules, values.changed);
    return told(format(outcome), exitCode(outcome));
  } catch (error) {
    if (!(error instanceof CannotCheck)) throw error;
    output.error(error.message);
    return 2;
  }
}

async function run(root: string, rules: readonly Rule[], base: string | undefined): Promise<Outcome> {
  const start = performance.now();
  const nothing = { root, rules, findings: [], frozen: 0, files: 0, examined: {}, changed: undefined };
  try {
    const changed = base === undefined ? undefined : changedSince(root, base);
    const report = await check(read(root), rules);
    const judged = judge(root, report.findings, base ?? 'HEAD');
    const findings = changed ? judged.findings.filter((finding) => touches(changed, finding)) : judged.findings;
    return {
      ...report,
      root,
      rules,
      findings,
      frozen: judged.frozen,
      changed: changed?.size,
      milliseconds: performance.now() - start,
    };
  } catch (error) {
    if (!(error instanceof CannotCheck)) throw error;
    return { ...nothing, problems: [error.message], milliseconds: performance.now() - start };
  }
}

async function findings(root: string, rules: readonly Rule[]): Promise<readonly Finding[]> {
  const { findings, problems } = await check(read(root), rules);
  if (problems.length > 0) throw new CannotCheck(problems.join('\n'));
  return findings;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
  } catch (error) {
    throw new CannotCheck(`${(error as Error).message}\n\n${help}`);
  }
}

function chosen(ids: readonly string[] | undefined): readonly Rule[] {
  const unknown = ids?.filter((id) => !allRules.some((rule) => rule.id === id)) ?? [];
  if (unknown.length > 0)
    throw new CannotCheck(
      `There is no rule ${unknown.join(', ')}. There are: ${allRules.map(({ id }) => id).join(', ')}.`,
    );
  return ids ? allRules.filter(({ id }) => ids.includes(id)) : allRules;
}
