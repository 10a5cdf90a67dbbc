import { placeOf } from '../places.ts';
import type { Rule } from '../rule.ts';

export const contractsOnly: Rule = {
  id: 'contracts-only',
  title: 'A module is reached through its contract.ts only',
  adr: 'ADR/0030-modules-meet-in-contracts.md',
  why: 'Anything else of a module that is used from outside can neither change on its own nor move to another process.',

  check({ tree }, breach) {
    for (const { from, place, import: each, target, to } of tree.edges) {
      if (target.kind !== 'file') continue;
      // Imports of modules by src/ have a rule of their own.
      if (to?.part !== 'module' || to.role === 'contract' || from.path.startsWith('src/')) continue;
      if (place.part === 'module' && place.module === to.module) continue;
      // Measured from outside, statement by statement; no part of the system depends on bench/.
      if (from.path.startsWith('bench/')) continue;
      breach({
        file: from.path,
        line: from.lineAt(each.at),
        what: `reaches ${target.path} of module ${to.module} (${each.kind})`,
        instead: `Use what modules/${to.module}/contract.ts offers, or have ${to.module} offer what is missing.`,
        involves: [target.path],
      });
    }
    for (const [path, target] of tree.links) {
      const [from, to] = [placeOf(path), placeOf(target)];
      if (to.part !== 'module' || (from.part === 'module' && from.module === to.module)) continue;
      breach({
        file: path,
        what: `reaches ${target} of module ${to.module} (symbolic link)`,
        instead: 'Delete the link and import the contract.',
        involves: [target],
      });
    }
    return tree.edges.length;
  },
};
