/** The SQL that a source file holds as text: passed to a query function, tagged, or kept in a constant. */
import type { Node } from 'oxc-parser';
import type { SourceFile } from '../source-file.ts';
import type { SourceTree } from '../source-tree.ts';
import { walk } from '../walk.ts';
import { namedFunction, TextReader, type NamedFunction, type ReadText } from './text-reader.ts';

export interface SqlText {
  /** With a placeholder where something is computed. */
  readonly sql: string;
  /** How many placeholders stand in it. */
  readonly computed: number;
  /** Passed to something that runs SQL; otherwise it only looks like SQL. */
  readonly runs: boolean;
  /** The line of the file that a place in the text is on. */
  lineAt(offset: number): number;
}
export interface SqlInSource {
  readonly texts: readonly SqlText[];
  /** Calls that run SQL which is put together elsewhere. */
  readonly unreadable: readonly { readonly what: string; readonly line: number }[];
}

const runners = /^(query|sql|\$queryRaw|\$executeRaw|\$queryRawUnsafe|\$executeRawUnsafe)$/;
const looksLikeSql =
  /^\s*(select\s|insert\s+into\s|update\s+\S+\s+(as\s+\w+\s+)?set\s|delete\s+from\s|with\s+(recursive\s+)?\w+\s*(\([^)]*\)\s*)?as\s|merge\s+into\s|truncate\s|lock\s+table\s|copy\s+\S+\s|create\s+(or\s+replace\s+)?(table|schema|index|view|function|trigger|sequence)\s|alter\s+(table|schema|role)\s|drop\s+(table|schema|index|view)\s|grant\s|set\s+(local\s+)?search_path\b)/i;

/** A quick look, so that files without SQL are not walked. */
export const mayHoldSql = (text: string): boolean =>
  /\.\s*(query|sql|\$(query|execute)Raw\w*)\b|\bsql\s*`|['"`]\s*(select|insert\s+into|update|delete\s+from|with|merge|truncate|lock|copy|create|alter|drop|grant|set)\s/i.test(
    text,
  );

export function sqlInSource(file: SourceFile, tree: SourceTree): SqlInSource {
  const reader = new TextReader(file, tree);
  const texts: SqlText[] = [];
  const unreadable: { what: string; line: number }[] = [];
  const seen = new Set<Node>();
  const around: (NamedFunction & { body: Node })[] = [];

  const add = (node: Node, read: ReadText, runs: boolean) => {
    for (const literal of read.literals) seen.add(literal);
    const lineAt = (offset: number) => {
      const stretch = read.stretches.find(({ at, length }) => offset >= at && offset < at + length);
      return file.lineAt(stretch ? stretch.inFile + offset - stretch.at : node.start);
    };
    texts.push({ sql: read.text, computed: read.computed, runs, lineAt });
  };
  /** All that a statement can be, when a part of it is passed to the function around it. */
  const variants = (node: Node): readonly ReadText[] => {
    const read = reader.read(node);
    if (read?.computed === 0) return [read];
    for (const { name, parameters, body } of around) {
      if (node.start < body.start || node.end > body.end) continue;
      const each = reader.argumentsOf(name, parameters)?.map((given) => reader.read(node, given));
      if (each?.every((variant) => variant?.computed === 0)) return each as ReadText[];
    }
    return read ? [read] : [];
  };

  walk(file.program, (node) => {
    const declared = namedFunction(node);
    if (declared) around.unshift(declared);
    if (node.type === 'CallExpression') {
      const name = methodName(node.callee);
      const [first] = node.arguments;
      const value = first?.type === 'ObjectExpression' ? textProperty(first) : first;
      if (name === undefined || !runners.test(name) || !value) return;
      const found = value.type === 'TaggedTemplateExpression' ? [reader.readTagged(value.quasi)] : variants(value);
      for (const each of found) add(value, each, true);
      if (found.length === 0)
        unreadable.push({ what: `${name}(...) runs SQL that is put together elsewhere`, line: file.lineOf(node) });
    } else if (node.type === 'TaggedTemplateExpression') {
      const name = methodName(node.tag) ?? (node.tag.type === 'Identifier' ? node.tag.name : undefined);
      // A piece, `Prisma.sql`...``, may be no statement by itself; it is read again where it is put in.
      if (name !== undefined && runners.test(name))
        add(node.quasi, reader.readTagged(node.quasi), name.startsWith('$'));
    }
  });
  // A constant that another file runs as SQL is read there; here it is read for its own sake.
  walk(file.program, (node) => {
    if ((node.type !== 'Literal' && node.type !== 'TemplateLiteral') || seen.has(node)) return;
    const read = reader.read(node);
    if (read && looksLikeSql.test(read.text)) add(node, read, false);
  });
  return { texts, unreadable };
}

function methodName(callee: Node): string | undefined {
  return callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : undefined;
}

/** `query({ text: '...', values })`, as pg has it. */
function textProperty(object: Extract<Node, { type: 'ObjectExpression' }>): Node | undefined {
  for (const each of object.properties) {
    if (each.type === 'Property' && each.key.type === 'Identifier' && each.key.name === 'text') return each.value;
  }
  return undefined;
}
