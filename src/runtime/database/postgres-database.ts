import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import type { QueryResult, QueryResultRow } from 'pg';
import type { Logger } from '#platform/logger.ts';
import { PoolMeter } from '../observability/meters.ts';
import type { PoolCounts } from '../observability/metrics.ts';
import { ConnectionPool } from './connection-pool.ts';
import { isConflict, unavailable } from './database-errors.ts';
import { ambientTransaction, Database, type PrismaClientClass } from '#platform/database.ts';
import { prismaClient } from '../library-internals/prisma-client.ts';
import { moduleSettings } from './session-settings.ts';
import type { Transaction } from './transaction.ts';

/** Where a database is and as whom to enter it. */
export type ConnectionSettings = Pick<
  pg.ClientConfig,
  'connectionString' | 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'sslnegotiation' | 'options'
>;

export interface PostgresDatabaseOptions {
  /** The PostgreSQL schema. */
  readonly schema: string;
  readonly connection: ConnectionSettings;
  /** How many connections at most. */
  readonly poolSize?: number;
  /** How long a statement waits for a connection, in milliseconds. */
  readonly acquireTimeout?: number;
  /** How long a statement may run, in milliseconds; otherwise as long as in every session of a module. */
  readonly statementTimeout?: number;
  /** False behind a pooler that loses prepared statements. */
  readonly prepared?: boolean;
  readonly logger: Logger;
}

const maxRetries = 3;

/** PostgreSQL's int8 as a number: every amount and position here is far below 2^53, and one that is not must not pass. */
function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} does not fit a JavaScript number exactly.`);
  return value;
}
const int8: number = 20;
const int8Array: number = 1016;
const parseTextArray: (text: string) => string[] = pg.types.getTypeParser(int8Array, 'text');

const types: pg.CustomTypesConfig = {
  getTypeParser(oid, format) {
    if (oid === int8) return parseInt8;
    if (oid === int8Array) return (text: string) => parseTextArray(text).map(parseInt8);
    return pg.types.getTypeParser(oid, format);
  },
};

export class PostgresDatabase extends Database {
  readonly schema: string;
  /** The use of its connections, for the metrics. */
  readonly meter: PoolMeter;
  readonly #adapter: SqlDriverAdapterFactory;
  readonly #pool: ConnectionPool;
  readonly #logger: Logger;
  #closed: Promise<void> | undefined;

  constructor(options: PostgresDatabaseOptions) {
    super();
    this.schema = options.schema;
    const settings = moduleSettings(options.schema, options.statementTimeout);
    this.#logger = options.logger;
    this.meter = new PoolMeter(options.schema);
    this.#pool = new ConnectionPool(
      {
        ...options.connection,
        application_name: `fissile ${options.schema}`,
        settings,
        prepared: options.prepared ?? true,
        max: options.poolSize ?? 10,
        connectionTimeoutMillis: options.acquireTimeout ?? 3000,
        // A server that vanished cannot stop a statement; without this TCP would wait for it for a quarter of an hour.
        query_timeout: Number(settings.statement_timeout) * 1.5,
        idleTimeoutMillis: 60_000,
        keepAlive: true,
        pipeline: true,
        types,
      },
      this.meter,
    );
    this.#pool.on('error', (error) => {
      // Connections that are being closed may notice that the server ends too.
      if (!this.#closed) this.#logger.warn('An idle database connection broke.', { error });
    });
    this.#adapter = new PrismaPg(this.#pool, {
      // Without a name the statement is not prepared; the type knows no such case.
      statementNameGenerator: ({ sql }) => this.#pool.statementName(sql) as string,
    });
  }

  prisma<Client extends object>(PrismaClient: PrismaClientClass<Client>): Client {
    return prismaClient(PrismaClient, this.#adapter);
  }

  query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<QueryResult<Row>> {
    return this.#pool.query({ name: this.#pool.statementName(sql), text: sql, values });
  }

  send(sql: string, values: readonly unknown[] = []): void {
    this.#ambient().send({ name: this.#pool.statementName(sql), text: sql, values: [...values] });
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    const ambient = this.#pool.transaction;
    if (ambient) return ambient.join(work);
    for (let retries = 0; ; retries++) {
      try {
        return await this.#run(work);
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (retries === maxRetries) throw unavailable(error);
        await sleep(Math.random() * 10 * 2 ** retries);
      }
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    const transaction = await this.#pool.begin();
    let result: T;
    try {
      result = await ambientTransaction.run(transaction, work);
      await ambientTransaction.run(transaction, () => transaction.commit());
    } catch (error) {
      await transaction.rollback();
      throw transaction.causeOf(error);
    } finally {
      transaction.release();
    }
    transaction.tellListeners((error) => this.#logger.error('A listener failed after a commit.', { error }));
    return result;
  }

  get inTransaction(): boolean {
    return this.#pool.transaction?.open ?? false;
  }

  beforeCommit(participant: () => Promise<unknown>): void {
    this.#ambient().beforeCommit(participant);
  }

  afterCommit(listener: () => void): void {
    this.#ambient().afterCommit(listener);
  }

  #ambient(): Transaction {
    const { transaction } = this.#pool;
    if (!transaction) throw new Error('This needs a transaction around it: database.transaction(...).');
    return transaction;
  }

  /** For the metrics. */
  get connections(): PoolCounts {
    const { options, totalCount, idleCount, waiting, refusals } = this.#pool;
    return { max: options.max, open: totalCount, idle: idleCount, waiting, refusals };
  }

  /** Milliseconds that the oldest work has waited for a connection. */
  get longestWait(): number {
    return this.#pool.longestWait;
  }

  /** Lets what is under way finish; nothing new is accepted. */
  close(): Promise<void> {
    return (this.#closed ??= this.#pool.end());
  }
}
