/** Every way in which one file can name another. */
import type { Node, Program } from 'oxc-parser';
import type { Records } from './parse.ts';
import { literalText, walk } from './walk.ts';

export const importKinds = [
  'import',
  'type import',
  're-export',
  'type re-export',
  'import()',
  'import() type',
  'require',
  'import = require',
  'module augmentation',
  'import.meta.resolve',
  'import.meta.glob',
  'mocked import',
  'file URL',
  'text run as code',
  'reference',
  'symbolic link',
] as const;
type ImportKind = (typeof importKinds)[number];

interface ImportedName {
  /** As the other file exports it: `default`, or `*` for all of it. */
  readonly imported: string;
  readonly local: string;
}

export interface Import {
  readonly kind: ImportKind;
  /** Undefined when it is computed while the program runs. */
  readonly specifier: string | undefined;
  /** Which exports; undefined when that cannot be told. */
  readonly names: readonly ImportedName[] | undefined;
  readonly typeOnly: boolean;
  /** Where in the file. */
  readonly at: number;
}

/** Imports and re-exports that are statements, which every file has. */
export function statementsOf(records: Records, text: string): Import[] {
  const found: Import[] = [];
  for (const { moduleRequest, entries, start } of records.staticImports) {
    const typeOnly = isTypeStatement(text, start) || (entries.length > 0 && entries.every(({ isType }) => isType));
    found.push({
      kind: typeOnly ? 'type import' : 'import',
      specifier: moduleRequest.value,
      names: entries.map(({ importName, localName }) => ({
        imported: importedName(importName, 'default'),
        local: localName.value,
      })),
      typeOnly,
      at: moduleRequest.start,
    });
  }
  for (const { entries } of records.staticExports) {
    const [first] = entries;
    if (!first?.moduleRequest) continue;
    const typeOnly = entries.every(({ isType }) => isType);
    found.push({
      kind: typeOnly ? 'type re-export' : 're-export',
      specifier: first.moduleRequest.value,
      names: entries.map(({ importName, exportName }) => ({
        imported: importedName(importName, '*'),
        local: importedName(exportName, '*'),
      })),
      typeOnly,
      at: first.moduleRequest.start,
    });
  }
  return found;
}

/** oxc says `{ kind: 'Name', name: 'x' }` or `{ value: 'x' }`, and of a namespace `{ kind: 'NamespaceObject' }` or a word. */
function importedName(name: unknown, otherwise: 'default' | '*'): string {
  if (typeof name !== 'object' || name === null) return '*';
  const { kind, name: long, value: short } = name as { kind?: string; name?: string | null; value?: string };
  return long ?? short ?? (kind === 'NamespaceObject' ? '*' : otherwise);
}

/** `import type {} from './x.ts'` has no names to tell it by. */
const isTypeStatement = (text: string, start: number) => /^import\s+type\s*\{/.test(text.slice(start, start + 20));

/** The other kinds, which can stand anywhere in a file. */
export function expressionsIn(program: Program, text: string): Import[] {
  const found: Import[] = [];
  const add = (kind: ImportKind, node: Node, source: Node | null | undefined, typeOnly = false) =>
    found.push({ kind, specifier: literalText(source), names: undefined, typeOnly, at: (source ?? node).start });
  const requires = new Set(['require']);

  walk(program, (node) => {
    switch (node.type) {
      case 'ImportExpression':
        add('import()', node, node.source);
        break;
      case 'TSImportType':
        add('import() type', node, node.source, true);
        break;
      case 'TSImportEqualsDeclaration':
        if (node.moduleReference.type === 'TSExternalModuleReference') {
          add('import = require', node, node.moduleReference.expression, node.importKind === 'type');
        }
        break;
      case 'TSModuleDeclaration':
        if (node.id.type === 'Literal') add('module augmentation', node, node.id, true);
        break;
      case 'VariableDeclarator':
        if (node.id.type === 'Identifier' && makesRequire(node.init)) requires.add(node.id.name);
        break;
      case 'NewExpression': {
        const [path, base] = node.arguments;
        if (runsText(node.callee)) add('text run as code', node, undefined);
        if (
          node.callee.type === 'Identifier' &&
          node.callee.name === 'URL' &&
          base &&
          isMetaUrl(base) &&
          isScript(literalText(path))
        ) {
          add('file URL', node, path);
        }
        break;
      }
      case 'CallExpression': {
        const kind = callKind(node.callee, requires);
        // The import() in `vi.mock(import('./x.ts'))` speaks for itself.
        if (kind && node.arguments[0]?.type !== 'ImportExpression')
          add(kind, node, readable(kind) ? node.arguments[0] : undefined);
        break;
      }
    }
  });
  for (const [comment, path] of text.matchAll(/^\/\/\/\s*<reference\s+path\s*=\s*["']([^"']+)["']/gm)) {
    const specifier = path as string;
    const relative = /^[./]/.test(specifier) ? specifier : `./${specifier}`;
    found.push({ kind: 'reference', specifier: relative, names: undefined, typeOnly: true, at: text.indexOf(comment) });
  }
  return found;
}

function callKind(callee: Node, requires: ReadonlySet<string>): ImportKind | undefined {
  if (runsText(callee)) return 'text run as code';
  if (callee.type === 'Identifier') return requires.has(callee.name) ? 'require' : undefined;
  if (makesRequire(callee)) return 'require';
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return undefined;
  const { object } = callee;
  const { name } = callee.property;
  if (makesRequire(object)) return name === 'resolve' ? 'require' : undefined;
  if (object.type === 'MetaProperty') return name === 'resolve' || name === 'glob' ? `import.meta.${name}` : undefined;
  if (object.type !== 'Identifier') return undefined;
  if (requires.has(object.name)) return name === 'resolve' ? 'require' : undefined;
  if (object.name === 'module') return name === 'require' ? 'require' : undefined;
  if (object.name !== 'vi' && object.name !== 'jest') return undefined;
  return /^(un)?mock|^doMock|^doUnmock|^importActual|^importMock|^requireActual|^requireMock|^setMock|^unstable_mockModule/.test(
    name,
  )
    ? 'mocked import'
    : undefined;
}

/** Tells whether the imported file can be read from the source; other kinds find theirs while the program runs. */
const readable = (kind: ImportKind): boolean => kind !== 'text run as code' && kind !== 'import.meta.glob';

/** `eval('...')`, `new Function('...')` */
const runsText = (callee: Node): boolean =>
  callee.type === 'Identifier' && (callee.name === 'eval' || callee.name === 'Function');

/** `createRequire(import.meta.url)`, also as `module.createRequire(...)`. */
function makesRequire(node: Node | null): boolean {
  if (node?.type !== 'CallExpression') return false;
  const callee = node.callee.type === 'MemberExpression' ? node.callee.property : node.callee;
  return callee.type === 'Identifier' && callee.name === 'createRequire';
}

const isMetaUrl = (node: Node): boolean =>
  node.type === 'MemberExpression' &&
  node.object.type === 'MetaProperty' &&
  node.property.type === 'Identifier' &&
  node.property.name === 'url';

const isScript = (path: string | undefined): boolean => path !== undefined && /\.[cm]?[jt]sx?$/.test(path);
