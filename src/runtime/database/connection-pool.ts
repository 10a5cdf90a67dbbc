// ADR 0009
import pg from 'pg';
import { ambientTransaction } from '#platform/database.ts';
import { asFailure, spoilsConnection, unavailable } from './database-errors.ts';
import type { PoolMeter } from '../observability/meters.ts';
import { currentSpan } from '../observability/spans.ts';
import { nestedClient } from './nested-client.ts';
import { Session, type SessionConfig } from './session.ts';
import { sendStatement } from './statement-span.ts';
import { Transaction } from './transaction.ts';

/** Past this many different texts, statements are sent unprepared: each costs memory on every connection. */
const maxPreparedStatements = 1000;

/** pg-pool's words for a wait in its queue that took too long. A connection that cannot be opened has others. */
const noneCameFree = 'timeout exceeded when trying to connect';

/**
 * The connections of one database. It looks like any other pool to the Prisma adapter, but hands out the
 * ambient transaction's connection where there is one.
 */
export class ConnectionPool extends pg.Pool {
  /** How often no connection came free in time. */
  refusals = 0;
  #inUse = 0;
  readonly #meter: PoolMeter;
  /** How many statements are prepared at most. */
  readonly #most: number;
  /** Moments, by the monotonic clock, since when work waits for a connection; the oldest first. */
  readonly #waits = new Set<{ readonly since: number }>();
  readonly #names = new Map<string, string>();
  readonly #transactions = new WeakSet<object>();

  constructor(config: pg.PoolConfig & SessionConfig & { readonly prepared: boolean }, meter: PoolMeter) {
    super({ ...config, Client: Session as unknown as new () => pg.ClientBase });
    this.#meter = meter;
    this.#most = config.prepared ? maxPreparedStatements : 0;
    // The pool listens to idle connections only; an error of a busy one reaches its caller through the statement.
    this.on('connect', (client) => client.on('error', () => {}));
    this.on('acquire', () => this.#inUse++);
    this.on('release', () => this.#inUse--);
  }

  /** How much work waits for a connection. Work that takes an idle one is in pg-pool's queue, too, for a tick. */
  get waiting(): number {
    return Math.max(0, this.waitingCount - this.idleCount);
  }

  /** Milliseconds that the oldest work has waited for a connection. */
  get longestWait(): number {
    for (const { since } of this.#waits) return performance.now() - since;
    return 0;
  }

  /** A prepared statement's name on the connections of this pool; undefined for one that is not to be prepared. */
  statementName(sql: string): string | undefined {
    let name = this.#names.get(sql);
    if (name === undefined && this.#names.size < this.#most) {
      name = `s${this.#names.size}`;
      this.#names.set(sql, name);
    }
    return name;
  }

  /** The ambient transaction, if it is one of this pool. */
  get transaction(): Transaction | undefined {
    let found = ambientTransaction.getStore();
    while (found && !this.#transactions.has(found)) found = found.outer;
    return found as Transaction | undefined;
  }

  async begin(): Promise<Transaction> {
    const client = await this.#acquire();
    const transaction = new Transaction(client, ambientTransaction.getStore(), this.#meter);
    this.#transactions.add(transaction);
    return transaction;
  }

  // The overloads of the base class are those of callbacks too, which nobody uses here.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override query(statement: any): any {
    const config: pg.QueryConfig = typeof statement === 'string' ? { text: statement } : statement;
    return this.transaction?.query(config) ?? this.#queryAlone(config);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  override connect(): any {
    const { transaction } = this;
    return transaction ? Promise.resolve(nestedClient(transaction)) : this.#acquire();
  }

  async #queryAlone(config: pg.QueryConfig): Promise<pg.QueryResult> {
    const client = await this.#acquire();
    let spoilt = false;
    try {
      return await sendStatement(client, config, this.#meter);
    } catch (error) {
      spoilt = spoilsConnection(error);
      throw asFailure(error);
    } finally {
      client.release(spoilt);
    }
  }

  async #acquire(): Promise<pg.PoolClient> {
    const wait = { since: performance.now() };
    this.#waits.add(wait);
    const span = this.idleCount === 0 ? currentSpan()?.child({ name: 'wait for a connection' }) : undefined;
    try {
      return await super.connect();
    } catch (error) {
      span?.fail(error);
      throw unavailable((error as Error).message === noneCameFree ? this.#refusal(error as Error) : error);
    } finally {
      this.#waits.delete(wait);
      this.#meter.waits.record(performance.now() - wait.since, span);
      span?.end();
    }
  }

  /** The pool is busy when work holds all connections. Otherwise some are still being opened, and the server is slow or away. */
  #refusal(error: Error): Error {
    this.refusals++;
    const { max, connectionTimeoutMillis } = this.options;
    if (this.#inUse < max) return error;
    return new Error(
      `The pool is busy: all ${max} connections are in use, and none came free within ${connectionTimeoutMillis} ms.`,
    );
  }
}
