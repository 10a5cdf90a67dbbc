import { styleText } from 'node:util';
import { summary, type Outcome } from '../outcome.ts';

/** For a person: rule by rule, why it is one, and then where, what and what to do. Colours only where a terminal shows them. */
export function text(outcome: Outcome): string {
  const style = (format: Parameters<typeof styleText>[0], words: string) =>
    styleText(format, words, { stream: process.stdout });
  const rules = [...new Set(outcome.findings.map(({ rule }) => rule))];
  const findings = rules.map((id) => {
    const rule = outcome.rules.find((each) => each.id === id);
    const found = outcome.findings.filter((finding) => finding.rule === id);
    const why = `${found[0]?.why ?? ''}${rule ? ` (${rule.adr})` : ''}`;
    const lines = found.map(
      ({ file, line, what, instead }) =>
        `  ${style('bold', `${file}:${line}`)} ${what}\n      ${style('green', instead)}`,
    );
    return [`${style('red', id)}${rule ? `: ${rule.title}` : ''}`, style('dim', `  ${why}`), ...lines].join('\n');
  });
  const problems = outcome.problems.map((problem) => style('yellow', problem));
  return [...findings, ...problems, summary(outcome)].join('\n\n');
}
