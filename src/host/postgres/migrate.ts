/**
 * Brings a module's schema up to date. The migrations are Prisma's, under prisma/<module>/migrations, and what was
 * applied is recorded as `prisma migrate deploy` records it, so that either can go on where the other stopped.
 */
import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';
import { listAssets, readAsset } from '#platform/assets.ts';
import { StartupError } from '../startup-error.ts';

interface Migration {
  readonly name: string;
  readonly sql: string;
}

interface Recorded {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** The lock that Prisma takes, so that the two exclude each other too. */
const prismaLock = 72_707_369;
const lockTimeout = '60s';

const undefinedTable = '42P01';
const invalidSchemaName = '3F000';
const lockNotAvailable = '55P03';
const notInTransaction = '25001';

const hasCode = (error: unknown, ...codes: string[]): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && codes.includes(error.code ?? '');

export function migrationsOf(module: string): Migration[] {
  const folder = `prisma/${module}/migrations`;
  const suffix = '/migration.sql';
  return listAssets(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => ({ name: file.slice(0, -suffix.length), sql: readAsset(`${folder}/${file}`) }));
}

/**
 * `connection` is the module's own, so that what is created belongs to its role. Answers the names of the migrations
 * that were pending. Throws a StartupError where the database and this program do not fit together.
 */
export async function migrate(
  connection: pg.ClientBase,
  module: string,
  migrations: readonly Migration[] = migrationsOf(module),
): Promise<readonly string[]> {
  const record = new MigrationRecord(connection, module);
  if ((await pendingMigrations(connection, module, migrations)).length === 0) return [];
  return record.locked(async () => {
    // Another process may have been faster.
    const pending = pendingOf(module, migrations, await record.read());
    if (pending.length > 0) await record.create();
    for (const migration of pending) await record.apply(migration);
    return pending.map(({ name }) => name);
  });
}

/** Returns the names of the migrations that are still to be applied. Throws like `migrate`, and changes nothing. */
export async function pendingMigrations(
  connection: pg.ClientBase,
  module: string,
  migrations: readonly Migration[] = migrationsOf(module),
): Promise<readonly string[]> {
  return pendingOf(module, migrations, await new MigrationRecord(connection, module).read()).map(({ name }) => name);
}

export const unknownMigration = (module: string, name: string) =>
  new StartupError(`The database of ${module} has a migration that this program does not know, ${name}: a newer version wrote it. Start that version.`);

/** The migrations still to be applied, after a check that the applied ones are those we know. */
function pendingOf(module: string, migrations: readonly Migration[], recorded: readonly Recorded[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at: finishedAt } of recorded) {
    const migration = known.get(name);
    if (!migration) throw unknownMigration(module, name);
    if (!finishedAt) {
      throw new StartupError(
        `The migration ${name} of ${module} failed halfway and left its traces. Repair them, then run: prisma migrate resolve --rolled-back ${name}`,
      );
    }
    if (!checksumsOf(migration.sql).includes(checksum)) {
      throw new StartupError(
        `The migration ${name} of ${module} was changed after it had been applied. Restore prisma/${module}/migrations/${name} and add a new migration instead.`,
      );
    }
  }
  const applied = new Set(recorded.map(({ migration_name: name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

const checksumOf = (sql: string) => createHash('sha256').update(sql).digest('hex');

/** As Prisma does, takes a file for the same whose line ends Git changed. */
function checksumsOf(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].map(checksumOf);
}

/** The table `_prisma_migrations` in the module's schema. */
class MigrationRecord {
  readonly #connection: pg.ClientBase;
  readonly #module: string;
  readonly #table: string;

  constructor(connection: pg.ClientBase, module: string) {
    this.#connection = connection;
    this.#module = module;
    this.#table = `${pg.escapeIdentifier(module)}."_prisma_migrations"`;
  }

  /** The migrations that are applied or half applied; a rolled-back one counts as never begun. */
  async read(): Promise<Recorded[]> {
    try {
      const { rows } = await this.#connection.query<Recorded>(
        `SELECT migration_name, checksum, finished_at FROM ${this.#table} WHERE rolled_back_at IS NULL ORDER BY migration_name`,
      );
      return rows;
    } catch (error) {
      if (hasCode(error, undefinedTable, invalidSchemaName)) return [];
      throw error;
    }
  }

  async locked<T>(work: () => Promise<T>): Promise<T> {
    try {
      // Not RESET, which would bring back the short one of the role.
      await this.#connection.query(`SET lock_timeout = '${lockTimeout}'; SELECT pg_advisory_lock(${prismaLock}); SET lock_timeout = 0`);
    } catch (error) {
      if (!hasCode(error, lockNotAvailable)) throw error;
      throw new StartupError(`Another program has been migrating the database of ${this.#module} for ${lockTimeout}. Try again when it has finished.`);
    }
    try {
      return await work();
    } finally {
      await this.#connection.query(`SELECT pg_advisory_unlock(${prismaLock})`);
    }
  }

  async create(): Promise<void> {
    const module = pg.escapeIdentifier(this.#module);
    const { rowCount } = await this.#connection.query('SELECT FROM pg_namespace WHERE nspname = $1', [this.#module]);
    if (!rowCount) await this.#connection.query(`CREATE SCHEMA ${module}`);
    await this.#connection.query(`
      CREATE TABLE IF NOT EXISTS ${this.#table} (
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

  /** All of it or nothing; only what PostgreSQL cannot do within a transaction is done without one. */
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
      await this.#connection.query(`UPDATE ${this.#table} SET logs = $2 WHERE id = $1`, [id, String(error)]);
      throw this.#failure(migration, error);
    }
    await this.#finish(id);
  }

  async #begin({ name, sql }: Migration): Promise<string> {
    const id = randomUUID();
    await this.#connection.query(
      `INSERT INTO ${this.#table} (id, checksum, migration_name, started_at) VALUES ($1, $2, $3, clock_timestamp())`,
      [id, checksumOf(sql), name],
    );
    return id;
  }

  async #finish(id: string): Promise<void> {
    await this.#connection.query(
      `UPDATE ${this.#table} SET applied_steps_count = applied_steps_count + 1, finished_at = clock_timestamp() WHERE id = $1`,
      [id],
    );
  }

  #failure({ name }: Migration, error: unknown): unknown {
    if (!(error instanceof pg.DatabaseError)) return error;
    return new StartupError(`The migration ${name} of ${this.#module} failed: ${error.message}.`, { cause: error });
  }
}
