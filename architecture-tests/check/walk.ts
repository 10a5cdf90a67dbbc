import { visitorKeys, type Node } from 'oxc-parser';

/** Visits every node, parents first. Returning false leaves out what is inside. */
export function walk(node: Node, visit: (node: Node) => boolean | void): void {
  if (visit(node) === false) return;
  for (const key of visitorKeys[node.type] ?? []) {
    const child = (node as unknown as Record<string, Node | (Node | null)[] | null>)[key];
    if (Array.isArray(child)) {
      for (const each of child) if (each) walk(each, visit);
    } else if (child) {
      walk(child, visit);
    }
  }
}

/** The text an expression stands for, where it can be told without running it. */
export function literalText(node: Node | null | undefined): string | undefined {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : undefined;
    case 'TemplateLiteral':
      return node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
    case 'BinaryExpression': {
      if (node.operator !== '+') return undefined;
      const [left, right] = [literalText(node.left), literalText(node.right)];
      return left === undefined || right === undefined ? undefined : left + right;
    }
    case 'ParenthesizedExpression':
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
    case 'TSNonNullExpression':
      return literalText(node.expression);
    default:
      return undefined;
  }
}
