// ADR 0001, ADR 0032
import { adrPaths } from '../adrs.ts';
import type { Breach, Rule } from '../rule.ts';
import type { System } from '../system.ts';

const ruleFiles = /^architecture-tests\/check\/rules\/([^/]+)\.ts$/;

export const adrs: Rule = {
  id: 'adrs',
  title: 'Every decision is enforced by a test, and every rule goes back to a decision',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'A decision that nothing enforces is a wish, and a rule that nobody decided is a nuisance.',

  check(system, breach) {
    const { tree } = system;
    const paths = adrPaths(tree);
    for (const path of paths) enforced(path, system, breach);
    // The rules themselves are in one repository only; another checkout uses them as they are.
    for (const [path, file] of tree.sources) {
      const id = ruleFiles.exec(path)?.[1];
      if (id === undefined) continue;
      const adr = /^ {2}adr: '([^']+)',$/m.exec(file.text)?.[1];
      const test = `architecture-tests/${id}.test.ts`;
      if (adr === undefined)
        breach({ file: path, what: 'is a rule that names no ADR', instead: "Write adr: 'ADR/....md'." });
      else if (!tree.paths.has(adr))
        breach({ file: path, what: `names ${adr}, which does not exist`, instead: 'Write the ADR.' });
      if (!tree.paths.has(test))
        breach({
          file: path,
          what: `has no ${test}`,
          instead: 'Write the test, with planted breaches.',
          involves: [test],
        });
    }
    return paths.length;
  },
};

function enforced(path: string, { tree }: System, breach: (breach: Breach) => void): void {
  const lines = tree.read(path).split('\n');
  const start = lines.findIndex((line) => /^#+\s+Enforced by\b/i.test(line));
  if (start === -1) {
    breach({
      file: path,
      what: 'names nothing that enforces it',
      instead: 'End it with "## Enforced by" and the path of a test.',
    });
    return;
  }
  const end = lines.findIndex((line, index) => index > start && /^#+\s/.test(line));
  let tests = 0;
  lines.slice(start, end === -1 ? undefined : end).forEach((line, index) => {
    for (const [name] of line.matchAll(/[\w@./-]+\.ts\b|(?<=`)[^`\s]*[/.][^`\s]*(?=`)/g)) {
      if (name.endsWith('.test.ts')) tests++;
      if (tree.has(name.replace(/^(\.\.?\/)+/, ''))) continue;
      breach({
        file: path,
        line: start + index + 1,
        what: `is enforced by ${name}, which does not exist`,
        instead: 'Name what does.',
        involves: [name],
      });
    }
  });
  if (tests === 0)
    breach({
      file: path,
      line: start + 1,
      what: 'is enforced by no test',
      instead: 'Name the path of a test, from the root: tests/....test.ts.',
    });
}
