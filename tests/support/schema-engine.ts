/** Prisma's own schema engine, as WebAssembly on a connection of ours: what `prisma migrate` would say. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type ColumnType,
  ColumnTypeEnum,
  type SqlDriverAdapter,
} from '@prisma/driver-adapter-utils';
import type * as Wasm from '@prisma/schema-engine-wasm';
import type pg from 'pg';
import { configOf } from '../../prisma.config.ts';

const prismaFolder = join(import.meta.dirname, '../../prisma');

export interface ModuleSchemaEngine {
  /** The SQL that would bring the database to what the Prisma schema says; empty for nothing. */
  difference(): Promise<string>;
  /** The history that `prisma migrate status` goes by. */
  history: () => ReturnType<Wasm.SchemaEngine['diagnoseMigrationHistory']>;
  /** Applies migrations as `prisma migrate deploy` does. */
  deploy(): Promise<readonly string[]>;
  /** Closes its connections: until then it keeps the lock of the database that `deploy` takes, and others wait 10 s for it at most. */
  close(): Promise<void>;
}

type Engine = typeof Wasm.SchemaEngine;
let loaded: Promise<Engine> | undefined;

/** The package is made for bundlers; Node needs the WebAssembly connected to its JavaScript by hand. */
async function loadEngine(): Promise<Engine> {
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const glueFile = pathToFileURL(join(folder, 'schema_engine_bg.js')).href;
  const glue = (await import(/* @vite-ignore */ glueFile)) as {
    SchemaEngine: Engine;
    __wbg_set_wasm(exports: object): void;
  };
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: {
      instantiate(code: Buffer, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>;
    };
  };
  const onPanic = (message: string) => {
    throw new Error(message);
  };
  Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: { set_message: onPanic } });
  const code = readFileSync(join(folder, 'schema_engine_bg.wasm'));
  const { exports } = (await WebAssembly.instantiate(code, { './schema_engine_bg.js': glue })).instance;
  glue.__wbg_set_wasm(exports);
  exports.__wbindgen_start();
  return glue.SchemaEngine;
}

export async function schemaEngine(module: string, connection: pg.PoolConfig): Promise<ModuleSchemaEngine> {
  const folder = join(prismaFolder, module);
  const filters = { externalTables: configOf(module).tables.external, externalEnums: [] };
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.prisma'))
    .map((name) => ({ path: join(folder, name), content: readFileSync(join(folder, name), 'utf8') }));
  const factory = new SchemaAdapterFactory(module, connection);
  const adapter = bindMigrationAwareSqlAdapterFactory(factory);
  const datamodels = files.map(({ path, content }): [string, string] => [path, content]);
  const SchemaEngine = await (loaded ??= loadEngine());
  const engine = await SchemaEngine.new({ datamodels }, () => {}, adapter);
  const migrationsList = migrationsIn(join(folder, 'migrations'));
  return {
    async difference() {
      const from = { tag: 'schemaDatasource', files, configDir: folder } as const;
      const to = { tag: 'schemaDatamodel', files } as const;
      const { stdout } = await engine.diff({ from, to, script: true, exitCode: null, filters } as never);
      return (stdout ?? '').replace(/^-- This is an empty migration\.\s*$/, '').trim();
    },
    history: () => engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters }),
    deploy: async () => (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames,
    close: () => factory.close(),
  };
}

function migrationsIn(baseDir: string): Wasm.MigrationList {
  const names = readdirSync(baseDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const read = (path: string) => readFileSync(join(baseDir, path), 'utf8');
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: read('migration_lock.toml') },
    shadowDbInitScript: '',
    migrationDirectories: names.sort().map((path) => ({
      path,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: read(join(path, 'migration.sql')) } },
    })),
  };
}

/**
 * The adapter as the engine needs it. By itself it cuts scripts at every semicolon, also within a function's body,
 * and does not know the type "char" of PostgreSQL's catalogue.
 */
class SchemaAdapterFactory extends PrismaPg {
  readonly #opened: SqlDriverAdapter[] = [];

  constructor(schema: string, connection: pg.PoolConfig) {
    super({ ...connection, options: `-c search_path=${schema}` }, { schema });
  }

  override async connect() {
    const adapter = await super.connect();
    this.#opened.push(adapter);
    const pool = adapter.underlyingDriver();
    adapter.executeScript = async (script) => void (await pool.query(script));
    const characters = new Set<string>();
    const query = pool.query.bind(pool) as (...given: unknown[]) => Promise<pg.QueryResult | pg.QueryResult[]>;
    pool.query = (async (...given: unknown[]) => {
      const result = await query(...given);
      const fields = [result]
        .flat()
        .flatMap(({ fields }) => fields)
        .filter(({ dataTypeID }) => dataTypeID === quotedChar);
      for (const field of fields) {
        characters.add(field.name);
        field.dataTypeID = text;
      }
      return result;
    }) as never;
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (statement) => {
      characters.clear();
      const result = await queryRaw(statement);
      const typeOf = (type: ColumnType, index: number) =>
        characters.has(result.columnNames[index] ?? '') ? ColumnTypeEnum.Character : type;
      return { ...result, columnTypes: result.columnTypes.map(typeOf) };
    };
    return adapter;
  }

  async close(): Promise<void> {
    for (const adapter of this.#opened.splice(0)) await adapter.dispose();
  }
}

const quotedChar = 18;
const text = 25;
