// ADR 0070
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import type { PoolMeter } from '../observability/meters.ts';
import { currentSpan, type Span, type SpanStart } from '../observability/spans.ts';
import { asLabels, type Labels } from '../observability/timings.ts';

/** Past this many different texts, statements are only named by their operation. */
const mostTexts = 1_000;
const known = new Map<string, Statement>();
/** By the name of the span. */
const labels = new Map<string, Labels>();

interface Statement {
  readonly span: SpanStart;
  /** The same object for all statements with the same operation and table. */
  readonly labels: Labels;
}

/** Sends a statement at once and measures it. It has a span where work in a trace asks for it, with its operation and its table, never with values. */
export function sendStatement(client: PoolClient, config: QueryConfig, meter: PoolMeter): Promise<QueryResult> {
  const statement = statementOf(config.text);
  const span = currentSpan()?.child(statement.span);
  return measured(client.query(config), statement.labels, meter, span);
}

/** The message of an error of PostgreSQL can quote values: its code has to do. */
async function measured<T>(
  answer: Promise<T>,
  statement: Labels,
  meter: PoolMeter,
  span: Span | undefined,
): Promise<T> {
  const started = performance.now();
  try {
    const result = await answer;
    meter.executed(statement, performance.now() - started, span);
    return result;
  } catch (error) {
    const { code = '_OTHER' } = error as { code?: string };
    meter.failed(statement, code, performance.now() - started, span);
    span?.set({ 'db.response.status_code': code });
    span?.fail({ code });
    throw error;
  } finally {
    span?.end();
  }
}

function statementOf(text: string): Statement {
  const statement =
    known.get(text) ?? describe(known.size < mostTexts ? summaryOf(text) : { operation: operationOf(text) });
  if (known.size < mostTexts) known.set(text, statement);
  return statement;
}

function describe({ operation, table }: Summary): Statement {
  const name = table === undefined ? operation : `${operation} ${table}`;
  const target = {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    ...(table !== undefined && { 'db.collection.name': table }),
  };
  const same = labels.get(name) ?? asLabels(target);
  labels.set(name, same);
  return { span: { name, kind: 'client', attributes: { ...target, 'db.query.summary': name } }, labels: same };
}

const identifier = String.raw`(?:"[^"]+"\.|\w+\.)?(?:"([^"]+)"|(\w+))`;
const targets: Readonly<Record<string, RegExp>> = {
  INSERT: new RegExp(String.raw`\binsert\s+into\s+${identifier}`, 'i'),
  UPDATE: new RegExp(String.raw`\bupdate\s+(?:only\s+)?${identifier}`, 'i'),
  DELETE: new RegExp(String.raw`\bdelete\s+from\s+(?:only\s+)?${identifier}`, 'i'),
  SELECT: new RegExp(String.raw`\bfrom\s+(?:only\s+)?${identifier}`, 'i'),
};

/** Names the table that a statement changes, or reads where it changes none. `FOR UPDATE` and `DO UPDATE` change no table of their own. */
export function summaryOf(text: string): Summary {
  const plain = text.replace(/\b(?:for|do)\s+(?:no\s+key\s+)?update\b/gi, '');
  for (const [operation, target] of Object.entries(targets)) {
    if (operation === 'SELECT' && !/^\s*(?:with|select)\b/i.test(plain)) continue;
    const [, quoted, bare] = target.exec(plain) ?? [];
    const table = quoted ?? bare;
    if (table !== undefined) return { operation, table };
  }
  return { operation: operationOf(plain) };
}

const operationOf = (text: string): string => /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'STATEMENT';

interface Summary {
  readonly operation: string;
  readonly table?: string | undefined;
}
