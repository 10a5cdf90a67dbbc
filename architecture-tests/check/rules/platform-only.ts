import { isTest } from '../places.ts';
import type { Rule } from '../rule.ts';

/** Tests may start programs, which tests/support does for them. */
const testSupport = /^tests\/support\//;

export const platformOnly: Rule = {
  id: 'platform-only',
  title: 'Besides itself and contracts, a module imports #platform/* only',
  adr: 'ADR/0031-roles-inside-a-module.md',
  why: 'The platform is what moves with a module to another process. The host and the gateway know modules, never the reverse.',

  check({ tree }, breach) {
    let examined = 0;
    for (const { from, place, import: each, target, to } of tree.edges) {
      if (place.part !== 'module') continue;
      examined++;
      if (target.kind !== 'file' || !to || to.part === 'module') continue;
      const report = (what: string, instead: string) =>
        breach({
          file: from.path,
          line: from.lineAt(each.at),
          what: `${what} (${each.kind})`,
          instead,
          involves: [target.path],
        });

      if (to.part === 'platform') {
        if (each.specifier?.startsWith('#platform/')) continue;
        report(
          `reaches ${target.path} as ${each.specifier}`,
          `Import #platform/${target.path.slice('src/platform/'.length)}: the path would break when the module moves.`,
        );
      } else if (to.part === 'runtime') {
        // `layers` names it, except in tests.
        if (isTest(from.path))
          report(`reaches ${target.path} of the ${to.part}`, 'Use what src/platform and tests/support give.');
      } else if (to.part !== 'outside') {
        report(`reaches ${target.path} of the ${to.part}`, 'Have the platform offer a port, and the host bind it.');
      } else if (!testSupport.test(target.path) || !/\.test\.ts$|\/testing\//.test(from.path)) {
        report(`reaches ${target.path}`, 'Move what it needs into the module, or into src/platform.');
      }
    }
    return examined;
  },
};
