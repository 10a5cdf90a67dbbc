import type { Node } from 'oxc-parser';
import { businessWords } from '../adrs.ts';
import { isForTests } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { System } from '../system.ts';
import { walk } from '../walk.ts';

export const srcNamesNoModule: Rule = {
  id: 'src-names-no-module',
  title: 'src/ names no module and has no business word; its platform knows nothing around it',
  adr: 'ADR/0031-roles-inside-a-module.md',
  why: 'A host that knows its modules has to change with every one of them, and a platform that does moves nowhere.',

  check(system, breach) {
    return imports(system, breach) + words(system, breach);
  },
};

/** The parts of src/ that each part may import besides itself. */
const below = {
  platform: [],
  runtime: ['platform'],
  gateway: ['platform', 'runtime'],
  host: ['platform', 'runtime', 'gateway'],
  program: ['platform', 'runtime', 'gateway', 'host'],
} as const;

/** Folders of src/runtime that know nothing of some others: what both need is in a third. */
const apart: Readonly<Record<string, readonly string[]>> = {
  background: ['events', 'sagas'],
  events: ['sagas'],
  sagas: ['events'],
};

const folderOfRuntime = (path: string) => /^src\/runtime\/([^/]+)\//.exec(path)?.[1] ?? '';

function imports({ tree }: System, breach: (breach: Breach) => void): number {
  let examined = 0;
  for (const { from, place, import: each, target, to } of tree.edges) {
    if (!from.path.startsWith('src/') || place.part === 'module' || place.part === 'outside') continue;
    examined++;
    if (target.kind !== 'file' || !to) continue;
    const report = (what: string, instead: string) =>
      breach({
        file: from.path,
        line: from.lineAt(each.at),
        what: `${what} (${each.kind})`,
        instead,
        involves: [target.path],
      });
    if (to.part === 'module') {
      report(
        `names module ${to.module}: ${target.path}`,
        'Have the module hand it over in module.ts, or find it by reading the folders.',
      );
    } else if (to.part === 'outside') {
      if (!isForTests(from.path)) report(`reaches out of src/: ${target.path}`, 'Move what it needs into src/.');
    } else if (
      to.part !== place.part &&
      !(below[place.part] as readonly string[]).includes(to.part) &&
      !isForTests(from.path)
    ) {
      report(
        `the ${place.part} depends on the ${to.part}: ${target.path}`,
        'Turn it round: let the upper part hand over what the lower one needs.',
      );
    }
    const [one, other] = [folderOfRuntime(from.path), folderOfRuntime(target.path)];
    if (apart[one]?.includes(other) && !isForTests(from.path)) {
      report(
        `src/runtime/${one} knows src/runtime/${other}: ${target.path}`,
        'Put the two together in a file above both, such as messaging.ts.',
      );
    }
  }
  return examined;
}

/** Comments may give examples. Tests may use words of the business, but no module: they stand on a library of their own. */
function words({ tree, modules }: System, breach: (breach: Breach) => void): number {
  const business = new Set(businessWords(tree).map((word) => word.toLowerCase()));
  const names = [...modules.keys()];
  const asModule = new RegExp(
    `^(${names.join('|')})$|\\bmodules/(${names.join('|')})\\b|\\b(${names.join('|')})\\.[a-z]|\\b(${names.join('|').toUpperCase()})_`,
  );
  const moduleIn = (text: string) =>
    asModule
      .exec(text)
      ?.slice(1)
      .find((name) => name !== undefined)
      ?.toLowerCase();
  let examined = 0;
  for (const file of tree.sources.values()) {
    if (!file.path.startsWith('src/')) continue;
    examined++;
    const found = new Map<string, number>();
    const businessIn = (text: string) =>
      isForTests(file.path) ? [] : splitWords(text).filter((word) => business.has(word));
    const look = (text: string, line: () => number, named: string | undefined) => {
      const said = [...businessIn(text), ...(named === undefined ? [] : [named])];
      for (const word of said) if (!found.has(word)) found.set(word, line());
    };
    look(file.path, () => 1, undefined);
    // Specifiers are judged as imports.
    const specifiers = new Set(file.imports.map(({ at }) => at));
    walk(file.program, (node) => {
      const text = specifiers.has(node.start) ? undefined : textOf(node);
      if (text === undefined) return;
      const mayBeModule = node.type !== 'Identifier' || /^[A-Z0-9_]+$/.test(text);
      look(text, () => file.lineOf(node), mayBeModule ? moduleIn(text) : undefined);
    });
    for (const [word, line] of found) {
      breach({
        file: file.path,
        line,
        what: modules.has(word) ? `names module ${word}` : `says "${word}", a word of the business`,
        instead: modules.has(word)
          ? 'Take the name from the module, which the host has at hand.'
          : 'Say it in general terms, or move it into the module it is about.',
      });
    }
  }
  return examined;
}

function textOf(node: Node): string | undefined {
  switch (node.type) {
    case 'Identifier':
    case 'PrivateIdentifier':
    case 'JSXIdentifier':
      return node.name;
    case 'Literal':
      return typeof node.value === 'string' ? node.value : 'regex' in node ? node.regex?.pattern : undefined;
    case 'TemplateElement':
      return node.value.raw;
    default:
      return undefined;
  }
}

/** `ordersDatabaseUrl`, `ORDERS_DATABASE_URL` and `orders.database url` all have the word "orders". */
const splitWords = (text: string): string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/);
