/** The statements that one order sends to PostgreSQL, as PostgreSQL itself logs them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchDatabase } from './server.ts';

export interface TracedStatement {
  /** The module that sent it. */
  readonly module: string;
  readonly text: string;
  /** The values of $1, $2 and so on, as text. */
  readonly values: readonly (string | null)[];
}

/** In one transaction; a statement alone is one, too. */
export type TracedTransaction = readonly TracedStatement[];

export const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/**
 * Logs every statement while `placeOrder` runs. Statements that have nothing to do with the order are left out: looking for what
 * other instances left behind, and marking events as published, which the program does for many orders at once.
 */
export async function traceOrder(
  { admin, folder }: BenchDatabase,
  placeOrder: () => Promise<{ readonly id: string; readonly customerId: string }>,
): Promise<{ readonly transactions: readonly TracedTransaction[]; readonly customerId: string }> {
  const logFile = join(folder, 'postgres.log');
  const { length: logged } = readFileSync(logFile);
  await logStatements(true);
  const { id, customerId } = await placeOrder();
  await logStatements(false);

  const all = transactionsIn(readFileSync(logFile).subarray(logged).toString());
  const mentions = (ids: ReadonlySet<string>) => (transaction: TracedTransaction) =>
    idsIn(transaction).some((id) => ids.has(id));
  const related = new Set(all.filter(mentions(new Set([id]))).flatMap(idsIn));
  related.delete(customerId);
  return { transactions: all.filter(mentions(related)).filter((transaction) => !isSweep(transaction)), customerId };

  async function logStatements(on: boolean): Promise<void> {
    await admin.query(on ? "ALTER SYSTEM SET log_line_prefix = '%p|%a|'" : 'ALTER SYSTEM RESET log_line_prefix');
    await admin.query(on ? "ALTER SYSTEM SET log_statement = 'all'" : 'ALTER SYSTEM RESET log_statement');
    await admin.query('SELECT pg_reload_conf()');
    // Every session notices by itself.
    await sleep(200);
  }
}

/** Only who looks for what others left behind asks who lives. */
const isSweep = (transaction: TracedTransaction) => transaction.some(({ text }) => text.includes('pg_locks'));

const idsIn = (transaction: TracedTransaction) =>
  transaction.flatMap(({ values }) => values.flatMap((value) => value?.match(uuidPattern) ?? []));

/** In the order in which they began. */
function transactionsIn(log: string): TracedTransaction[] {
  const transactions: TracedStatement[][] = [];
  const open = new Map<string, TracedStatement[]>();
  const last = new Map<string, { -readonly [Field in keyof TracedStatement]: TracedStatement[Field] }>();
  // A line that continues the entry above begins with a tab.
  for (const entry of log.split(/\n(?!\t)/)) {
    const [, session = '', module = '', kind, text = ''] =
      /^(\d+)\|fissile (\w+)\|(LOG|DETAIL): {2}(.*)$/s.exec(entry) ?? [];
    const sql =
      kind === 'LOG'
        ? /^(?:statement|execute [^:]+): (.*)$/s.exec(text)?.[1]?.replaceAll('\n\t', '\n').trim()
        : undefined;
    if (sql === 'BEGIN') transactions.push(open.set(session, []).get(session)!);
    else if (sql === 'COMMIT') open.delete(session);
    else if (sql !== undefined) {
      const statement = { module, text: sql, values: [] };
      last.set(session, statement);
      const transaction = open.get(session);
      if (transaction) transaction.push(statement);
      else transactions.push([statement]);
    } else if (kind === 'DETAIL') last.get(session)!.values = valuesIn(text);
  }
  return transactions;
}

const valuesIn = (detail: string): (string | null)[] =>
  [...detail.matchAll(/\$\d+ = (?:NULL|'((?:[^']|'')*)')/g)].map(
    ([, value]) => value?.replaceAll("''", "'").replaceAll('\n\t', '\n') ?? null,
  );
