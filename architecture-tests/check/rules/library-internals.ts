import { isForTests, isGenerated, placeOf } from '../places.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { walk } from '../walk.ts';

const allowedIn = 'src/runtime/library-internals/';
/** The folders in which a package keeps its code, as against the paths that it offers. */
const inside = /^(@[^/]+\/)?[^/]+\/(build|dist|internal|lib|src)\//;
/** zod offers `_zod` to those who walk its schemas. */
const offered = new Set(['_zod']);

export const libraryInternals: Rule = {
  id: 'library-internals',
  title: `Only ${allowedIn} reaches into the inside of a library`,
  adr: 'ADR/0013-libraries.md',
  why: 'A library changes its inside without a word. What relies on it stands in one place, each with a test that then fails.',

  check({ tree }, breach) {
    const instead = `Use what the library offers, or put the reach into ${allowedIn} with a test that fails when the library changes.`;
    let examined = 0;
    for (const source of tree.sources.values()) {
      if (!isOfTheProgram(source.path)) continue;
      examined++;
      for (const { from, import: each, target } of tree.edgesByFile.get(source.path) ?? []) {
        if (target.kind === 'package' && inside.test(each.specifier ?? '')) {
          breach({
            file: from.path,
            line: from.lineAt(each.at),
            what: `imports ${each.specifier} (${each.kind})`,
            instead,
          });
        }
      }
      for (const { name, at } of privateNames(source)) {
        breach({ file: source.path, line: source.lineAt(at), what: `uses the private ${name}`, instead });
      }
    }
    return examined;
  },
};

const isOfTheProgram = (path: string): boolean =>
  placeOf(path).part !== 'outside' && !path.startsWith(allowedIn) && !isForTests(path) && !isGenerated(path);

/** Members whose name begins with an underscore, which is how JavaScript's libraries say that nobody should use them. */
function privateNames(source: SourceFile): { name: string; at: number }[] {
  const found: { name: string; at: number }[] = [];
  if (!/\._|\[['"]_/.test(source.text)) return found;
  walk(source.program, (node) => {
    if (node.type !== 'MemberExpression') return;
    const { property } = node;
    const name =
      property.type === 'Identifier' && !node.computed
        ? property.name
        : property.type === 'Literal'
          ? String(property.value)
          : '';
    if (name.startsWith('_') && !offered.has(name)) found.push({ name, at: property.start });
  });
  return found;
}
