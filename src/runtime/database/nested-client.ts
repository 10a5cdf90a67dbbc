import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import type { Transaction } from './transaction.ts';

const nothing = { command: '', rowCount: 0, oid: 0, rows: [], fields: [] } satisfies QueryResult;

/**
 * The connection that Prisma gets when it opens a transaction of its own (a nested write, `$transaction`) inside
 * the ambient one: a savepoint of it.
 */
export function nestedClient(transaction: Transaction): PoolClient {
  let savepoint: string | undefined;

  async function query(config: QueryConfig): Promise<QueryResult> {
    if (savepoint === undefined) {
      if (config.text === 'BEGIN') savepoint = transaction.openSavepoint();
      return nothing;
    }
    // Undoing one of two that overlap would silently undo part of the other.
    if (!transaction.isInnermostSavepoint(savepoint)) {
      throw new Error('Two Prisma transactions overlap within one transaction. Await the one before the other.');
    }
    if (config.text === 'COMMIT') transaction.releaseSavepoint(savepoint);
    else if (config.text === 'ROLLBACK') transaction.rollbackToSavepoint(savepoint);
    else return await transaction.query(config);
    return nothing;
  }

  const client = { query, on: () => client, removeListener: () => client, release: () => {} };
  return client as unknown as PoolClient;
}
