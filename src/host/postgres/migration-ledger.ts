/** A table in a module's schema that says which migrations were applied, in the form of Prisma's `_prisma_migrations`. */
import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { StartupError } from '../startup-error.ts';
import type { Migration } from './migrations.ts';

export interface Recorded {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

const undefinedTable = '42P01';
const invalidSchemaName = '3F000';
const notInTransaction = '25001';

export const hasCode = (error: unknown, ...codes: string[]): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && codes.includes(error.code ?? '');

export const checksumOf = (sql: string) => createHash('sha256').update(sql).digest('hex');

export class MigrationLedger {
  /** Quoted, with its schema. */
  readonly table: string;
  readonly #connection: pg.ClientBase;
  readonly #module: string;

  constructor(connection: pg.ClientBase, module: string, table: '_platform_migrations' | '_prisma_migrations') {
    this.#connection = connection;
    this.#module = module;
    this.table = `${pg.escapeIdentifier(module)}."${table}"`;
  }

  /** The migrations that are applied or half applied; a rolled-back one counts as never begun. */
  async read(): Promise<Recorded[]> {
    try {
      const { rows } = await this.#connection.query<Recorded>(
        `SELECT migration_name, checksum, finished_at FROM ${this.table} WHERE rolled_back_at IS NULL ORDER BY migration_name`,
      );
      return rows;
    } catch (error) {
      if (hasCode(error, undefinedTable, invalidSchemaName)) return [];
      throw error;
    }
  }

  async create(): Promise<void> {
    const schema = pg.escapeIdentifier(this.#module);
    // Not CREATE SCHEMA IF NOT EXISTS: that asks for the right to create schemas even where the schema is there.
    const { rowCount } = await this.#connection.query('SELECT FROM pg_namespace WHERE nspname = $1', [this.#module]);
    if (!rowCount) await this.#connection.query(`CREATE SCHEMA ${schema}`);
    await this.#connection.query(`
      CREATE TABLE IF NOT EXISTS ${this.table} (
        id                  VARCHAR(36) PRIMARY KEY NOT NULL,
        checksum            VARCHAR(64) NOT NULL,
        finished_at         TIMESTAMPTZ,
        migration_name      VARCHAR(255) NOT NULL,
        logs                TEXT,
        rolled_back_at      TIMESTAMPTZ,
        started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
        applied_steps_count INTEGER NOT NULL DEFAULT 0
      )`);
  }

  /** Applies all of it or nothing; only what PostgreSQL cannot do within a transaction is done without one. */
  async apply(migration: Migration): Promise<void> {
    try {
      await this.#connection.query('BEGIN');
      const id = await this.#begin(migration);
      await this.#connection.query(migration.sql);
      await this.#finish(id);
      await this.#connection.query('COMMIT');
    } catch (error) {
      await this.#connection.query('ROLLBACK');
      if (hasCode(error, notInTransaction)) await this.#applyInSteps(migration);
      else throw this.#failure(migration, error);
    }
  }

  /** A crash or an error halfway leaves a row without an end, and the next start refuses. */
  async #applyInSteps(migration: Migration): Promise<void> {
    const id = await this.#begin(migration);
    try {
      await this.#connection.query(migration.sql);
    } catch (error) {
      await this.#connection.query(`UPDATE ${this.table} SET logs = $2 WHERE id = $1`, [id, String(error)]);
      throw this.#failure(migration, error);
    }
    await this.#finish(id);
  }

  async #begin({ name, sql }: Migration): Promise<string> {
    const id = randomUUID();
    await this.#connection.query(
      `INSERT INTO ${this.table} (id, checksum, migration_name, started_at) VALUES ($1, $2, $3, clock_timestamp())`,
      [id, checksumOf(sql), name],
    );
    return id;
  }

  async #finish(id: string): Promise<void> {
    await this.#connection.query(
      `UPDATE ${this.table} SET applied_steps_count = applied_steps_count + 1, finished_at = clock_timestamp() WHERE id = $1`,
      [id],
    );
  }

  #failure({ name }: Migration, error: unknown): unknown {
    if (!(error instanceof pg.DatabaseError)) return error;
    return new StartupError(`The migration ${name} of ${this.#module} failed: ${error.message}.`, { cause: error });
  }
}
