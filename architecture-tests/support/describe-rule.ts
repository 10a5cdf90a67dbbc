import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, read } from '../check/check.ts';
import type { Finding, Rule } from '../check/rule.ts';
import { rules } from '../check/rules.ts';
import { plantedCases, sharedCleanTree, withPlanted } from './planted.ts';

const repository = join(import.meta.dirname, '../..');

/** The proof that every rule owes: it holds here, finds what was planted, and is quiet where nothing was. */
export function describeRule(rule: Rule): void {
  describe(`${rule.title}`, () => {
    it('holds in this repository', async () => {
      const report = await check(read(repository), [rule]);
      expect(report.problems).toEqual([]);
      expect(told(report.findings)).toEqual([]);
      expect(report.files, 'files read').toBeGreaterThan(200);
      expect(report.examined[rule.id], 'things looked at').toBeGreaterThan(0);
    });

    it('finds nothing in a clean tree', async () => {
      const report = await check(read(sharedCleanTree()), [rule]);
      expect(report.problems).toEqual([]);
      expect(told(report.findings)).toEqual([]);
      expect(report.files).toBe(43);
    });

    it.each(plantedCases(rule.id))('finds what was planted: $name', async (planted) => {
      const { findings, problems } = await withPlanted(planted, (root) =>
        check(
          read(root),
          [...fast, rule].filter((each, index, all) => all.indexOf(each) === index),
        ),
      );
      expect(problems).toEqual([]);
      expect(findings.map(({ rule, file, line, what }) => ({ rule, file, line, what }))).toEqual(planted.expected);
    });
  });
}

/** knip takes as long as all others together, and is asked for what was planted for it only. */
const fast = rules.filter(({ id }) => id !== 'unused');

const told = (findings: readonly Finding[]) =>
  findings.map(({ file, line, what, instead }) => `${file}:${line} ${what}. ${instead}`);
