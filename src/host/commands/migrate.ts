/** Brings the databases up to date and stops: for those who want that done before the program starts. */
import { join } from 'node:path';
import { createLogger, logOutput } from '#runtime/observability/create-logger.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { readConfiguration } from '../configuration.ts';
import { openDatabases } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules, selectModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { migrate as migrateModule } from '../postgres/migrate.ts';
import { noteMigrations } from '../postgres/noted-migrations.ts';
import { reach } from '../postgres/reach.ts';
import { findStoredData } from '../stored-data.ts';

/** By module. */
type Applied = ReadonlyMap<string, readonly string[]>;

export const command: Command = {
  summary: 'bring the database up to date, and stop',
  description: `
Applies the pending migrations of all modules, or of those in MODULES, lists them, and stops. "serve" does the same when it
starts. The program may be running meanwhile. A database written by a newer version is refused and left as it is.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: '{"<module>": ["<migration>", ...], ...}: the migrations applied',
  exitCodes: { 0: 'up to date' },
  failure: 'Not migrated:',
  run: migrate,
};

async function migrate(line: CommandLine): Promise<Answer> {
  const { logLevel } = readConfiguration(line.environment);
  const logger = createLogger({ level: logLevel, ...logOutput(line.environment, process.stdout.isTTY) });
  const opened = new Opened(logger);
  try {
    const applied =
      line.topology === undefined ? await migrateTogether(line, logger, opened) : await migrateTopology(line, opened);
    const lines = [...applied].map(
      ([module, migrations]) =>
        `${module}: ${migrations.length === 0 ? 'up to date' : `applied ${migrations.join(', ')}`}`,
    );
    return { lines, json: Object.fromEntries(applied) };
  } finally {
    await opened.closeAll();
  }
}

async function migrateTogether(
  { environment }: CommandLine,
  logger: ReturnType<typeof createLogger>,
  opened: Opened,
): Promise<Applied> {
  const configuration = readConfiguration(environment);
  const allModules = await findModules();
  const { modules } = selectModules(allModules, configuration.modules);
  const databases = await openDatabases(
    { configuration, environment, modules, allModules, logger, announce: say, onlyExisting: true },
    opened,
  );
  return new Map([...databases.modules].map(([module, { migrations }]) => [module, migrations]));
}

/** A module without a database gets it when the topology starts: it may begin with a copy of what the module had elsewhere. */
async function migrateTopology(line: CommandLine, opened: Opened): Promise<Applied> {
  const applied = new Map<string, readonly string[]>();
  const found = await findStoredData(line, opened);
  for (const { module, connection, variable } of found) {
    const client = await reach(connection, variable);
    applied.set(module, await migrateModule(client, module).finally(() => client.end()));
  }
  for (const module of await findModules()) {
    if (!applied.has(module)) say(`${module} has no database yet. The topology creates it when it starts.`);
  }
  const embedded = found.filter(({ variable }) => variable === 'DATA_DIR').map(({ module }) => module);
  if (embedded.length > 0) noteMigrations(join(readConfiguration(line.environment).dataDir, 'postgres'), embedded);
  return applied;
}
