/** The commands that modules declare, such as `admin list`: on stored data, whether the program runs or not. */
import { MemoryTransport } from '#runtime/events/memory/memory-transport.ts';
import { Failure } from '#platform/errors.ts';
import type { CommandBinding, ModuleDefinition } from '#platform/module.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Metrics } from '#runtime/observability/metrics.ts';
import { assemble } from '../module-assembly.ts';
import { findModules, loadModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { StartupError } from '../startup-error.ts';
import { openStoredData, type CommandLine } from '../stored-data.ts';
import { UsageError } from '../usage-error.ts';

interface ModuleCommand extends CommandBinding {
  readonly module: ModuleDefinition;
  /** The words to type: `admin list`. */
  readonly name: string;
}

export async function moduleCommands(): Promise<readonly ModuleCommand[]> {
  const modules = await loadModules(await findModules());
  return modules.flatMap((module) => Object.entries(module.commands).map(([name, binding]) => ({ ...binding, module, name })));
}

/** `admin create EMAIL` */
export const usageOf = ({ name, takes }: Pick<ModuleCommand, 'name' | 'takes'>): string => [name, ...takes].join(' ');

/** Undefined where no module has a command that begins like this. */
export async function runModuleCommand(line: CommandLine, words: readonly string[]): Promise<number | undefined> {
  const likely = (await moduleCommands()).filter(({ name }) => name.split(' ', 1)[0] === words[0]);
  if (likely.length === 0) return undefined;
  const command = likely.find(({ name, takes }) => {
    const given = name.split(' ');
    return given.every((word, index) => words[index] === word) && words.length === given.length + takes.length;
  });
  if (!command) throw new UsageError(`Use: ${likely.map(usageOf).join(', or ')}.`);
  for (const text of await run(command, line, words.slice(words.length - command.takes.length))) console.log(text);
  return 0;
}

async function run(command: ModuleCommand, line: CommandLine, given: readonly string[]): Promise<readonly string[]> {
  const logger = createLogger({ level: 'silent', format: 'json' });
  const opened = new Opened(logger);
  try {
    const [module] = await assembled(command.module, line, opened);
    return await module!.container.make(command)(...given);
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
    databases: new Map([[definition.name, { database, connection: {}, variable: 'DATABASE_URL', migrations: [], ping: () => database.query('SELECT 1') }]]),
    transport: new MemoryTransport(),
    logger,
    metrics: new Metrics(),
    remoteClient: () => undefined,
    wire: undefined,
  });
}
