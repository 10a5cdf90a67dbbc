import { summary, type Outcome } from '../outcome.ts';

/** GitHub's workflow commands: each breach becomes an annotation on its line of the pull request. */
export function github(outcome: Outcome): string {
  const findings = outcome.findings.map(
    ({ rule, file, line, what, why, instead }) =>
      `::error file=${property(file)},line=${line},title=${property(rule)}::${message(`${what}\n${why}\n${instead}`)}`,
  );
  const problems = outcome.problems.map((problem) => `::error title=could not check::${message(problem)}`);
  return [...findings, ...problems, summary(outcome)].join('\n');
}

/** Escapes what GitHub's own toolkit escapes. */
const message = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => message(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
