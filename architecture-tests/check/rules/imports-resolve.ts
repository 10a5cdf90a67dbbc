import { isGenerated } from '../places.ts';
import type { Rule } from '../rule.ts';

export const importsResolve: Rule = {
  id: 'imports-resolve',
  title: 'Every import can be followed by reading it',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'An import that nobody can follow may cross any boundary unseen.',

  check({ tree }, breach) {
    for (const { from, import: each, target } of tree.edges) {
      const where = { file: from.path, line: from.lineAt(each.at) };
      if (each.specifier === undefined) {
        // The host finds the modules by their folders; elsewhere only modules and src/ have boundaries to keep.
        if (!/^(modules|src)\//.test(from.path) || from.path.startsWith('src/host/')) continue;
        breach({
          ...where,
          what: `computes what it imports (${each.kind})`,
          instead: 'Write the path out, or let the host find it.',
        });
      } else if (target.kind === 'unknown') {
        breach({
          ...where,
          what: `${each.specifier} is an alias that leads nowhere (${each.kind})`,
          instead: 'Declare it in package.json "imports", or write the path.',
        });
      } else if (
        target.kind === 'file' &&
        !target.exists &&
        !isGenerated(target.path) &&
        /^(modules|src)\//.test(from.path)
      ) {
        breach({ ...where, what: `${target.path} does not exist (${each.kind})`, instead: 'Correct the path.' });
      }
    }
    return tree.edges.length;
  },
};
