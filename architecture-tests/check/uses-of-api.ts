/** The operations of an imported api that a file names. */
import type { Node } from 'oxc-parser';
import type { SourceFile } from './source-file.ts';
import { walk } from './walk.ts';

export interface ApiUse {
  /** Undefined: the api as a whole, or an operation that is computed. */
  readonly operation: string | undefined;
  readonly line: number;
}

/** `local` is what the file calls the api: `UsersApi.getProfile`, `typeof UsersApi.getProfile`, `(typeof UsersApi)['getProfile']`. */
export function usesOfApi(file: SourceFile, local: string): readonly ApiUse[] {
  const uses: ApiUse[] = [];
  const found = (operation: string | undefined, node: Node) => void uses.push({ operation, line: file.lineOf(node) });
  walk(file.program, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        return false;
      case 'ExportNamedDeclaration':
        return node.source === null;
      case 'MemberExpression':
        if (!isNamed(node.object, local)) return true;
        found(node.property.type === 'Identifier' && !node.computed ? node.property.name : textOf(node.property), node);
        return false;
      case 'TSQualifiedName':
        if (!isNamed(node.left, local)) return true;
        found(node.right.name, node);
        return false;
      case 'TSIndexedAccessType': {
        const operations = isTypeOf(node.objectType, local) ? literalsOf(node.indexType) : undefined;
        for (const operation of operations ?? []) found(operation, node);
        return operations === undefined;
      }
      case 'Identifier':
        if (node.name === local) found(undefined, node);
        return true;
      default:
        return true;
    }
  });
  return uses;
}

const isNamed = (node: Node, name: string) => node.type === 'Identifier' && node.name === name;

const textOf = (node: Node) => (node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined);

function isTypeOf(type: Node, name: string): boolean {
  if (type.type === 'TSParenthesizedType') return isTypeOf(type.typeAnnotation, name);
  return type.type === 'TSTypeQuery' && isNamed(type.exprName, name);
}

/** The texts of `'a'` or `'a' | 'b'`; undefined for any other type. */
function literalsOf(type: Node): readonly string[] | undefined {
  const parts = (type.type === 'TSUnionType' ? type.types : [type]).map((each) =>
    each.type === 'TSLiteralType' ? textOf(each.literal) : undefined,
  );
  return parts.every((part) => part !== undefined) ? parts : undefined;
}
