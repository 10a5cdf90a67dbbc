// ADR 0009
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import type { QueryResult, QueryResultRow } from 'pg';

/** The class that Prisma generates for a module. */
export type PrismaClientClass<Client extends object> = new (options: {
  adapter: SqlDriverAdapterFactory;
  errorFormat: 'minimal';
}) => Client;

/**
 * A module's own database: its PostgreSQL schema, reached under a role that can reach nothing else.
 *
 * `transaction` makes an ambient transaction: every statement issued within it, through `query` or through a
 * Prisma client of `prisma`, runs on its connection, and so does what the platform adds to it (outbox,
 * inbox, saga and idempotency rows). That is how a state change and its event commit together without handing
 * a transaction object from layer to layer.
 */
export abstract class Database {
  /** The PostgreSQL schema, which is the module's name, and the search path: `from outbox` is enough. */
  abstract readonly schema: string;

  /** The module's generated client, on the pool and in the ambient transaction of this database. Never make one with `new`. */
  abstract prisma<Client extends object>(PrismaClient: PrismaClientClass<Client>): Client;

  /**
   * One statement, prepared once per connection, in the ambient transaction if there is one. Statements issued
   * without awaiting the one before are sent together (pipelined) and run in that order. A BIGINT is a number.
   */
  abstract query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;

  /**
   * Issues a statement of the ambient transaction whose answer nobody waits for: it goes out at once and costs no round trip.
   * If it fails, so does the transaction. Throws outside a transaction.
   */
  abstract send(sql: string, values?: readonly unknown[]): void;

  /**
   * Commits when `work` resolves, rolls back when it rejects. Inside another transaction of the same database it
   * joins that one; if it rejects there, the whole is rolled back, even if somebody in between catches the error.
   * A statement that failed without being awaited makes it reject too. A serialization failure or deadlock
   * (40001, 40P01) runs `work` again, three times at most, so `work` must touch nothing but the database.
   * Where the connection broke before the commit was answered, the error is `platform.outcome-unknown`.
   */
  abstract transaction<T>(work: () => Promise<T>): Promise<T>;

  /** Is a transaction of this database open around the caller? */
  abstract get inTransaction(): boolean;

  /**
   * Runs `participant` as the last thing before the ambient transaction commits; its statements are part of it.
   * It issues all of them before it awaits the first: the commit is sent right behind them, not after their
   * answers. Once per transaction and `participant`: adding it again changes nothing. Throws outside a transaction.
   */
  abstract beforeCommit(participant: () => Promise<unknown>): void;

  /** Runs `listener` once the ambient transaction is durable, never if it rolls back. Throws outside a transaction. */
  abstract afterCommit(listener: () => void): void;

  /** Tells whether any database's transaction is open around the caller: then nothing may leave the process. */
  static get anyTransactionOpen(): boolean {
    for (let found = ambientTransaction.getStore(); found; found = found.outer) if (found.open) return true;
    return false;
  }
}

/** The transaction around the work under way, whichever module's database it belongs to. */
export interface AmbientTransaction {
  /** False once its outcome is decided: work that was started in it and outlives it still sees it here. */
  readonly open: boolean;
  /** The one of another database around it. */
  readonly outer: AmbientTransaction | undefined;
}

export const ambientTransaction = new AsyncLocalStorage<AmbientTransaction>();
