/** The commands that modules declare, such as `admin list`: on stored data, whether the program runs or not. */
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { commandLine } from '#platform/audit.ts';
import { backgroundContext, CallContext, runInContext } from '#platform/context.ts';
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
    return await runInContext(atTheMachine(), () => module!.container.make(binding)(...given));
  } catch (error) {
    const isTold = error instanceof Failure && error.kind !== 'internal' && error.kind !== 'unavailable';
    throw isTold ? new StartupError(error.message, { cause: error }) : error;
  } finally {
    await opened.closeAll();
  }
}

/** Milliseconds for a command. */
const patience = 600_000;

/** The context of a command: what it does is recorded as done by the person at the machine. */
function atTheMachine(): CallContext {
  const { deadline, requestId, trace } = backgroundContext(randomUUID(), patience);
  return new CallContext({ deadline, requestId, trace, origin: { network: commandLine, userAgent: account() } });
}

/** The operating system's account; undefined where it has no name. */
function account(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
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
