/** The commands that modules declare, such as `admin list`: on stored data, whether the program runs or not. */
import { MemoryTransport } from '#runtime/events/memory/memory-transport.ts';
import { Failure } from '#platform/errors.ts';
import type { CommandBinding, ModuleDefinition, Printed } from '#platform/module.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Metrics } from '#runtime/observability/metrics.ts';
import type { CommandLine, NamedCommand } from './command.ts';
import { assemble } from './module-assembly.ts';
import { findModules, loadModules } from './modules.ts';
import { Opened } from './opened.ts';
import { StartupError } from './startup-error.ts';
import { openStoredData } from './stored-data.ts';

export async function moduleCommands(): Promise<readonly NamedCommand[]> {
  const modules = await loadModules(await findModules());
  return modules.flatMap((module) =>
    Object.entries(module.commands).map(([name, binding]) => ({ name, ...commandOf(module, binding) })),
  );
}

const commandOf = (module: ModuleDefinition, binding: CommandBinding) => ({
  takes: binding.takes,
  summary: binding.summary,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: binding.json,
  run: (line: CommandLine, ...given: string[]) => run(module, binding, line, given),
});

async function run(
  definition: ModuleDefinition,
  binding: CommandBinding,
  line: CommandLine,
  given: readonly string[],
): Promise<Printed> {
  const logger = createLogger({ level: 'silent', format: 'json' });
  const opened = new Opened(logger);
  try {
    const [module] = await assembled(definition, line, opened);
    return await module!.container.make(binding)(...given);
  } catch (error) {
    const isTold = error instanceof Failure && error.kind !== 'internal' && error.kind !== 'unavailable';
    throw isTold ? new StartupError(error.message, { cause: error }) : error;
  } finally {
    await opened.closeAll();
  }
}

/** Without messaging that was started, events stay in the outbox for the program. */
async function assembled(definition: ModuleDefinition, line: CommandLine, opened: Opened) {
  const logger = createLogger({ level: 'silent', format: 'json' });
  const database = (await openStoredData(line, opened, definition.name)).get(definition.name)!;
  return assemble({
    environment: line.environment,
    modules: [definition],
    everyModule: [definition],
    databases: new Map([
      [
        definition.name,
        { database, connection: {}, variable: 'DATABASE_URL', migrations: [], ping: () => database.query('SELECT 1') },
      ],
    ]),
    transport: new MemoryTransport(),
    logger,
    metrics: new Metrics(),
    remoteClient: () => undefined,
    wire: undefined,
  });
}
