// ADR 0070
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import { currentSpan, type Span, type SpanStart } from '../observability/spans.ts';

/** Past this many different texts, statements are only named by their operation. */
const mostTexts = 1_000;
const known = new Map<string, SpanStart>();

/** Sends a statement at once. It has a span where work in a trace asks for it, with its operation and its table, never with values. */
export function sendStatement(client: PoolClient, config: QueryConfig): Promise<QueryResult> {
  const span = currentSpan()?.child(spanOfStatement(config.text));
  return span ? told(span, client.query(config)) : client.query(config);
}

/** The message of an error of PostgreSQL can quote values: its code has to do. */
async function told<T>(span: Span, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const { code = '_OTHER' } = error as { code?: string };
    span.set({ 'db.response.status_code': code });
    span.fail({ code });
    throw error;
  } finally {
    span.end();
  }
}

function spanOfStatement(text: string): SpanStart {
  const start = known.get(text) ?? startOf(text);
  if (known.size < mostTexts) known.set(text, start);
  return start;
}

function startOf(text: string): SpanStart {
  const { operation, table } = summaryOf(text);
  const name = table === undefined ? operation : `${operation} ${table}`;
  return {
    name,
    kind: 'client',
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': operation,
      'db.query.summary': name,
      ...(table !== undefined && { 'db.collection.name': table }),
    },
  };
}

const identifier = String.raw`(?:"[^"]+"\.|\w+\.)?(?:"([^"]+)"|(\w+))`;
const targets: Readonly<Record<string, RegExp>> = {
  INSERT: new RegExp(String.raw`\binsert\s+into\s+${identifier}`, 'i'),
  UPDATE: new RegExp(String.raw`\bupdate\s+(?:only\s+)?${identifier}`, 'i'),
  DELETE: new RegExp(String.raw`\bdelete\s+from\s+(?:only\s+)?${identifier}`, 'i'),
  SELECT: new RegExp(String.raw`\bfrom\s+(?:only\s+)?${identifier}`, 'i'),
};

/** Names the table that a statement changes, or reads where it changes none. `FOR UPDATE` and `DO UPDATE` change no table of their own. */
export function summaryOf(text: string): { readonly operation: string; readonly table?: string | undefined } {
  const plain = text.replace(/\b(?:for|do)\s+(?:no\s+key\s+)?update\b/gi, '');
  for (const [operation, target] of Object.entries(targets)) {
    if (operation === 'SELECT' && !/^\s*(?:with|select)\b/i.test(plain)) continue;
    const [, quoted, bare] = target.exec(plain) ?? [];
    const table = quoted ?? bare;
    if (table !== undefined) return { operation, table };
  }
  return { operation: /^\s*(\w+)/.exec(plain)?.[1]?.toUpperCase() ?? 'STATEMENT' };
}
