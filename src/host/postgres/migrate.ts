/**
 * Brings a module's schema up to date: first the platform's tables in it, then the module's own (ADR 0015). A module's
 * migrations are Prisma's, under prisma/<module>/migrations, and what was applied is recorded as `prisma migrate deploy`
 * records it, so that either can go on where the other stopped. The platform's have a ledger that Prisma does not read.
 */
import pg from 'pg';
import { StartupError } from '../startup-error.ts';
import { checksumOf, hasCode, MigrationLedger, type Recorded } from './migration-ledger.ts';
import {
  fileOf,
  isFormerPlatformMigration,
  type Migration,
  type Migrations,
  migrationsOf,
  platformPrefix,
} from './migrations.ts';

/** The lock that Prisma takes, so that the two exclude each other too. */
const prismaLock = 72_707_369;
const lockTimeout = '60s';
const lockNotAvailable = '55P03';

/**
 * `connection` is the module's own, so that what is created belongs to its role. Returns the names of the migrations that
 * were pending. Throws a StartupError where the database and this program do not fit together.
 */
export async function migrate(
  connection: pg.ClientBase,
  module: string,
  migrations: Migrations = migrationsOf(module),
): Promise<readonly string[]> {
  const schema = new ModuleSchema(connection, module, migrations);
  if (isCurrent(await schema.read())) return [];
  return locked(connection, module, async () => {
    // Another process may have been faster.
    const state = await schema.read();
    if (!isCurrent(state)) await schema.apply(state);
    return namesOf(state);
  });
}

/** Returns the names of the migrations that are still to be applied. Throws like `migrate`, and changes nothing. */
export async function pendingMigrations(connection: pg.ClientBase, module: string): Promise<readonly string[]> {
  return namesOf(await new ModuleSchema(connection, module, migrationsOf(module)).read());
}

export const unknownMigration = (module: string, name: string) =>
  new StartupError(
    `The database of ${module} has a migration that this program does not know, ${name}: a newer version wrote it. Start that version.`,
  );

interface State {
  /** The record of the platform's tables is still among the module's migrations, where release 0.1 wrote it. */
  readonly former: readonly string[];
  /** Pending. */
  readonly platform: readonly Migration[];
  readonly own: readonly Migration[];
}

const namesOf = ({ platform, own }: State) => [...platform, ...own].map(({ name }) => name);
const isCurrent = (state: State) => state.former.length === 0 && namesOf(state).length === 0;

class ModuleSchema {
  readonly #connection: pg.ClientBase;
  readonly #module: string;
  readonly #migrations: Migrations;
  readonly #platform: MigrationLedger;
  readonly #own: MigrationLedger;

  constructor(connection: pg.ClientBase, module: string, migrations: Migrations) {
    this.#connection = connection;
    this.#module = module;
    this.#migrations = migrations;
    this.#platform = new MigrationLedger(connection, module, '_platform_migrations');
    this.#own = new MigrationLedger(connection, module, '_prisma_migrations');
  }

  async read(): Promise<State> {
    const { platform, own } = this.#migrations;
    const recorded = { platform: await this.#platform.read(), own: await this.#own.read() };
    const isFormer = ({ migration_name: name, finished_at }: Recorded) =>
      isFormerPlatformMigration(name) && finished_at !== null && !own.some((known) => known.name === name);
    const former = recorded.own.filter(isFormer).map(({ migration_name }) => migration_name);
    const isAdopted = (migration: Migration) => former.length > 0 && migration === platform[0];
    return {
      former,
      platform: pendingOf(this.#module, platform, recorded.platform).filter((migration) => !isAdopted(migration)),
      own: pendingOf(
        this.#module,
        own,
        recorded.own.filter((row) => !isFormer(row)),
      ),
    };
  }

  async apply({ former, platform, own }: State): Promise<void> {
    await this.#platform.create();
    if (former.length > 0) await this.#adopt(former);
    if (platform.length > 0) await this.#inSchema(() => applyAll(this.#platform, platform));
    if (own.length > 0) await this.#own.create();
    await applyAll(this.#own, own);
  }

  /** Moves the record of the platform's first migration into its own ledger: Prisma knows it no more. */
  async #adopt(names: readonly string[]): Promise<void> {
    const first = this.#migrations.platform[0]!;
    await this.#connection.query(
      `WITH former AS (DELETE FROM ${this.#own.table} WHERE migration_name = ANY ($1) RETURNING *)
      INSERT INTO ${this.#platform.table} (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
      SELECT id, $2, $3, started_at, finished_at, applied_steps_count FROM former WHERE rolled_back_at IS NULL`,
      [names, checksumOf(first.sql), first.name],
    );
  }

  /** Runs `work` with the module's schema as the search path: migrations name no schema. */
  async #inSchema(work: () => Promise<void>): Promise<void> {
    await this.#connection.query(`SET search_path TO ${pg.escapeIdentifier(this.#module)}`);
    try {
      await work();
    } finally {
      await this.#connection.query('RESET search_path');
    }
  }
}

async function applyAll(ledger: MigrationLedger, migrations: readonly Migration[]): Promise<void> {
  for (const migration of migrations) await ledger.apply(migration);
}

async function locked<T>(connection: pg.ClientBase, module: string, work: () => Promise<T>): Promise<T> {
  try {
    // Not RESET, which would bring back the short one of the role.
    await connection.query(
      `SET lock_timeout = '${lockTimeout}'; SELECT pg_advisory_lock(${prismaLock}); SET lock_timeout = 0`,
    );
  } catch (error) {
    if (!hasCode(error, lockNotAvailable)) throw error;
    throw new StartupError(
      `Another program has been migrating the database of ${module} for ${lockTimeout}. Try again when it has finished.`,
    );
  }
  try {
    return await work();
  } finally {
    await connection.query(`SELECT pg_advisory_unlock(${prismaLock})`);
  }
}

/** The migrations still to be applied, after a check that the applied ones are those we know. */
function pendingOf(module: string, migrations: readonly Migration[], recorded: readonly Recorded[]): Migration[] {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished_at: finishedAt } of recorded) {
    const migration = known.get(name);
    if (!finishedAt) {
      throw new StartupError(
        `The migration ${name} of ${module} failed halfway. Repair what it left behind, then run: ${resolving(module, name)}`,
      );
    }
    if (!migration) throw unknownMigration(module, name);
    if (!checksumsOf(migration.sql).includes(checksum)) {
      throw new StartupError(
        `The migration ${name} of ${module} was changed after it had been applied. Restore ${fileOf(module, name)} and add a new migration instead.`,
      );
    }
  }
  const applied = new Set(recorded.map(({ migration_name: name }) => name));
  return migrations.filter(({ name }) => !applied.has(name));
}

/** The command that has it applied again; Prisma's knows its own ledger only. */
const resolving = (module: string, name: string) =>
  name.startsWith(platformPrefix)
    ? `UPDATE ${module}._platform_migrations SET rolled_back_at = now() WHERE migration_name = '${name}'`
    : `prisma migrate resolve --rolled-back ${name}`;

/** As Prisma does, takes a file for the same whose line ends Git changed. */
function checksumsOf(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].map(checksumOf);
}
