// ADR 0001
/** The pages in ADR/ keep their form, and the rule sees that tests enforce them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adrs } from './check/rules/adrs.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(adrs);

const root = join(import.meta.dirname, '..');
const folder = join(root, 'ADR');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));

const sections = ['Context', 'Options', 'Decision', 'Consequences', 'Enforced by'];
const states = /^\*\*Status\*\* (?:Accepted|Proposed|Rejected|Superseded by \[?\d{4})/m;
const date = /^\*\*Date\*\* \d{4}-\d\d-\d\d$/m;

function problemsOf(name: string, text: string): string[] {
  const problems: string[] = [];
  const parts = new Map(text.split(/^## /m).map((part) => [part.split('\n', 1)[0], part] as const));
  const number = /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1];
  if (!number) problems.push('is not named NNNN-what-was-decided.md');
  else if (!text.startsWith(`# ${number} `)) problems.push('has a title without its number');
  if (!states.test(text)) problems.push('has no status: **Status** Accepted');
  if (!date.test(text)) problems.push('has no date: **Date** 2026-11-30');
  for (const section of sections) if (!parts.has(section)) problems.push(`has no section "${section}"`);
  if ((parts.get('Options')?.match(/^\d+\. /gm) ?? []).length < 2) problems.push('weighs fewer than two options');
  return problems;
}

describe('a decision', () => {
  it.each(pages)('%s has all its parts', (name) => {
    expect(problemsOf(name, readFileSync(join(folder, name), 'utf8'))).toEqual([]);
  });

  it('is named by files that it explains, and only pages that exist are named', () => {
    const folders = ['src', 'modules', 'build', 'tests', 'architecture-tests/check'];
    const named = folders
      .flatMap((name) =>
        readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((path) => join(root, name, path)),
      )
      .filter((path) => /\.[jt]s$/.test(path) && !path.includes('generated'))
      .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/\bADR[ /](\d{4})\b/g)].map(([, number]) => number!));
    expect([...new Set(named)].toSorted()).toEqual(pages.map((name) => name.slice(0, 4)).toSorted());
  });

  it('has a number of its own', () => {
    const numbers = pages.map((name) => name.slice(0, 4));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.length).toBeGreaterThan(12);
  });

  it('that is incomplete is noticed', () => {
    const page = '# 7 Something\n\n## Context\n## Options\n1. Only one.\n## Enforced by\n';
    expect(problemsOf('0007-something.md', page)).toEqual([
      'has a title without its number',
      'has no status: **Status** Accepted',
      'has no date: **Date** 2026-11-30',
      'has no section "Decision"',
      'has no section "Consequences"',
      'weighs fewer than two options',
    ]);
  });
});
