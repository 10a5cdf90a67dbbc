/** Known breaches, frozen so that a team can adopt the rules in steps. The list only ever shrinks. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gitShow } from './git.ts';
import { CannotCheck } from './cannot-check.ts';
import type { Finding } from './rule.ts';

const baselinePath = 'architecture-tests/baseline.json';

/** Without a line, so that a frozen breach is still known after lines moved. */
type Frozen = Pick<Finding, 'rule' | 'file' | 'what'>;

const key = ({ rule, file, what }: Frozen): string => `${rule} ${file} ${what}`;

export interface Judged {
  /** New breaches, and what is wrong with the baseline itself. */
  readonly findings: readonly Finding[];
  /** How many breaches the baseline covers. */
  readonly frozen: number;
}

/** `base` is the commit whose baseline this one is held against. */
export function judge(root: string, findings: readonly Finding[], base: string): Judged {
  const text = read(root);
  if (text === undefined) return { findings, frozen: 0 };
  const frozen = parse(text);
  const known = new Set(frozen.map(key));
  const present = new Set(findings.map(key));
  const before = gitShow(root, base, baselinePath);
  const knownBefore = before === undefined ? undefined : new Set(parse(before).map(key));
  const lineOf = ({ what }: Frozen) =>
    text.slice(0, Math.max(0, text.indexOf(JSON.stringify(what)))).split('\n').length;
  const about = (entry: Frozen, what: string, instead: string): Finding => ({
    rule: 'baseline',
    file: baselinePath,
    line: lineOf(entry),
    what: `${what}: ${entry.file} ${entry.what}`,
    why: 'The list of known breaches may only get shorter.',
    instead,
    involves: ['./'],
  });
  return {
    frozen: findings.filter((finding) => known.has(key(finding))).length,
    findings: [
      ...findings.filter((finding) => !known.has(key(finding))),
      ...frozen
        .filter((entry) => !present.has(key(entry)))
        .map((entry) =>
          about(entry, 'freezes a breach that is gone', 'Delete the entry; npm run check -- --freeze does.'),
        ),
      ...frozen
        .filter((entry) => knownBefore && !knownBefore.has(key(entry)))
        .map((entry) => about(entry, 'freezes a new breach', 'Mend the breach.')),
    ],
  };
}

/** Writes the first baseline, or takes out of it what is mended. Returns what to tell the person. */
export function freeze(root: string, findings: readonly Finding[]): string {
  if (process.env.CI) throw new CannotCheck('A baseline is made by a person who looks at it, not in CI.');
  const text = read(root);
  const frozen = text === undefined ? findings : parse(text);
  const present = new Set(findings.map(key));
  const kept = [
    ...new Map(frozen.filter((entry) => present.has(key(entry))).map((entry) => [key(entry), entry])).values(),
  ];
  const breaches = kept.map(({ rule, file, what }) => ({ rule, file, what }));
  mkdirSync(join(root, 'architecture-tests'), { recursive: true });
  writeFileSync(join(root, baselinePath), `${JSON.stringify({ breaches }, null, 2)}\n`);
  return text === undefined
    ? `Froze ${breaches.length} breaches in ${baselinePath}. From now on the list can only get shorter.`
    : `${baselinePath}: ${frozen.length - breaches.length} mended, ${breaches.length} left.`;
}

function read(root: string): string | undefined {
  const path = join(root, baselinePath);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function parse(text: string): readonly Frozen[] {
  try {
    const { breaches } = JSON.parse(text) as { breaches: readonly Frozen[] };
    return breaches.map(({ rule, file, what }) => ({ rule, file, what }));
  } catch {
    throw new CannotCheck(`${baselinePath} is not a baseline: { "breaches": [{ "rule", "file", "what" }] }.`);
  }
}
