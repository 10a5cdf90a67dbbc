/** Reads the models of a .prisma file. Its grammar has one block a model and no nesting. */
export interface PrismaBlock {
  readonly kind: 'model' | 'enum' | 'view';
  readonly name: string;
  /** From `@@schema("orders")`. */
  readonly schema: string | undefined;
  /** The table behind it: from `@@map("order_items")`, else the name. */
  readonly table: string;
  readonly line: number;
}

export interface PrismaSchema {
  readonly blocks: readonly PrismaBlock[];
  readonly datasourceSchemas: readonly { readonly schema: string; readonly line: number }[];
}

export function readPrismaSchema(text: string): PrismaSchema {
  const plain = text.replace(/("(?:\\.|[^"\\\n])*")|\/\/[^\n]*/g, (_, string: string | undefined) => string ?? '');
  const lineAt = (at: number) => plain.slice(0, at).split('\n').length;
  const blocks: PrismaBlock[] = [];
  const datasourceSchemas: { schema: string; line: number }[] = [];
  for (const match of plain.matchAll(/^\s*(model|enum|view|datasource)\s+(\w+)\s*\{([^]*?)^\s*\}/gm)) {
    const [whole, kind, name, body] = match as unknown as [string, PrismaBlock['kind'] | 'datasource', string, string];
    const line = lineAt(match.index + (whole.length - whole.trimStart().length));
    if (kind === 'datasource') {
      const list = /^\s*schemas\s*=\s*\[([^\]]*)\]/m.exec(body)?.[1] ?? '';
      for (const [, schema] of list.matchAll(/"([^"]*)"/g)) datasourceSchemas.push({ schema: schema as string, line });
    } else {
      blocks.push({
        kind,
        name,
        line,
        schema: /^\s*@@schema\(\s*(?:map:\s*)?"([^"]*)"/m.exec(body)?.[1],
        table: /^\s*@@map\(\s*(?:name:\s*)?"([^"]*)"/m.exec(body)?.[1] ?? name,
      });
    }
  }
  return { blocks, datasourceSchemas };
}
