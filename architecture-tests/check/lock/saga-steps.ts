/** The names of a saga's steps, in order, as its file writes them down. */
import type { Node } from 'oxc-parser';
import type { SourceFile } from '../source-file.ts';
import { property } from '../syntax.ts';
import { literalText, walk } from '../walk.ts';

/** Undefined when they are put together somewhere else. */
export function sagaSteps(file: SourceFile, factory: string): readonly string[] | undefined {
  let steps: Node | undefined;
  const constants = new Map<string, Node>();
  walk(file.program, (node) => {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.init)
      constants.set(node.id.name, node.init);
  });
  const look = (inside: Node) =>
    walk(inside, (node) => {
      if (node.type === 'ObjectExpression') steps ??= property(node, 'steps');
    });
  walk(file.program, (node) => {
    if (node.type === 'FunctionDeclaration' && node.id?.name === factory) look(node);
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier' && node.id.name === factory && node.init)
      look(node.init);
  });
  const list = steps?.type === 'Identifier' ? constants.get(steps.name) : steps;
  if (list?.type !== 'ArrayExpression') return undefined;
  const names = list.elements.map((element) => {
    const step = element?.type === 'Identifier' ? constants.get(element.name) : element;
    return step?.type === 'ObjectExpression' ? literalText(property(step, 'name')) : undefined;
  });
  return names.every((name) => name !== undefined) ? names : undefined;
}
