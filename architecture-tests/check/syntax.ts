/** Reading what a file declares, without running it. */
import type { CallExpression, Expression, Node, ObjectExpression } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';

/** `export const name = callee(...)`: each such call, by the name it is exported under. */
export function exportedCalls(file: SourceFile): ReadonlyMap<string, CallExpression> {
  const calls = new Map<string, CallExpression>();
  for (const statement of file.program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of statement.declaration.declarations) {
      const value = unwrapped(init);
      if (id.type === 'Identifier' && value?.type === 'CallExpression') calls.set(id.name, value);
    }
  }
  return calls;
}

export const calleeName = (call: CallExpression): string | undefined =>
  call.callee.type === 'Identifier' ? call.callee.name : undefined;

function unwrapped(node: Expression | null | undefined): Expression | null | undefined {
  return node?.type === 'ParenthesizedExpression' ||
    node?.type === 'TSAsExpression' ||
    node?.type === 'TSSatisfiesExpression'
    ? unwrapped(node.expression)
    : node;
}

export function property(object: ObjectExpression, name: string): Node | undefined {
  for (const each of object.properties) {
    if (each.type === 'Property' && keyOf(each.key) === name) return each.value;
  }
  return undefined;
}

export const keyOf = (key: Node): string | undefined =>
  key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
