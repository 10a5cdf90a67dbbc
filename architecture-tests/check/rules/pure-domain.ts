import type { Node } from 'oxc-parser';
import { isTest, placeOf } from '../places.ts';
import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import { walk } from '../walk.ts';

export const pureDomain: Rule = {
  id: 'pure-domain',
  title: 'The domain and contracts have no clock, no chance and no I/O',
  adr: 'ADR/0031-roles-inside-a-module.md',
  why: 'A rule is a function of its input: then it can be tested, replayed and trusted.',

  check({ tree }, breach) {
    let examined = 0;
    for (const file of tree.sources.values()) {
      const place = placeOf(file.path);
      if (place.part !== 'module' || (place.role !== 'domain' && place.role !== 'contract') || isTest(file.path))
        continue;
      examined++;
      if (!mayBeImpure(file.text)) continue;
      for (const { what, line } of impuritiesIn(file)) {
        breach({
          file: file.path,
          line,
          what: `${place.role} uses ${what}`,
          instead: 'Take the time, the id or the answer as a parameter, or declare a port for it.',
        });
      }
    }
    return examined;
  },
};

const outside =
  /^(process|fetch|crypto|performance|console|globalThis|global|require|WebSocket|XMLHttpRequest|setTimeout|setInterval|setImmediate|queueMicrotask)$/;
export const mayBeImpure = (text: string): boolean =>
  /\b(Date|Math|process|fetch|crypto|performance|console|globalThis|global|require|WebSocket|XMLHttpRequest|set(Timeout|Interval|Immediate)|queueMicrotask)\b/.test(
    text,
  );

function impuritiesIn(file: SourceFile): { what: string; line: number }[] {
  const found: { what: string; line: number }[] = [];
  const own = ownNames(file);
  const add = (what: string, node: Node) => found.push({ what, line: file.lineOf(node) });
  const notReferences = new Set<Node>();

  walk(file.program, (node) => {
    switch (node.type) {
      case 'MemberExpression':
        if (!node.computed) notReferences.add(node.property);
        if (isGlobal(node.object, 'Date', own) && isNamed(node.property, 'now')) add('Date.now()', node);
        if (isGlobal(node.object, 'Math', own) && isNamed(node.property, 'random')) add('Math.random()', node);
        break;
      case 'Property':
      case 'PropertyDefinition':
      case 'MethodDefinition':
        if (!node.computed && !('shorthand' in node && node.shorthand)) notReferences.add(node.key);
        break;
      case 'NewExpression':
        if (isGlobal(node.callee, 'Date', own) && node.arguments.length === 0) add('new Date(), the time of now', node);
        break;
      case 'CallExpression':
        if (isGlobal(node.callee, 'Date', own)) add('Date(), the time of now', node);
        break;
      case 'Identifier':
        if (outside.test(node.name) && !own.has(node.name) && !notReferences.has(node)) add(node.name, node);
        break;
      default:
        // Types say nothing about what runs.
        if (node.type.startsWith('TSType') || node.type === 'TSInterfaceDeclaration') return false;
    }
    return undefined;
  });
  return found;
}

const isNamed = (node: Node, name: string): boolean => node.type === 'Identifier' && node.name === name;
const isGlobal = (node: Node, name: string, own: ReadonlySet<string>): boolean => isNamed(node, name) && !own.has(name);

/** Names the file declares or imports, which hide the global ones. */
function ownNames(file: SourceFile): ReadonlySet<string> {
  const names = new Set(file.imports.flatMap(({ names: imported }) => imported?.map(({ local }) => local) ?? []));
  const bind = (node: Node | null): void => {
    if (node?.type === 'Identifier') names.add(node.name);
    else if (node?.type === 'AssignmentPattern') bind(node.left);
    else if (node?.type === 'RestElement') bind(node.argument);
    else if (node?.type === 'ArrayPattern') node.elements.forEach(bind);
    else if (node?.type === 'ObjectPattern')
      node.properties.forEach((each) => bind(each.type === 'Property' ? each.value : each));
  };
  walk(file.program, (node) => {
    if (node.type === 'VariableDeclarator' || node.type === 'ClassDeclaration') bind(node.id);
    if ('params' in node && Array.isArray(node.params)) for (const parameter of node.params) bind(parameter);
    if (node.type === 'FunctionDeclaration') bind(node.id);
  });
  return names;
}
