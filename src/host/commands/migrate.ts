/** Brings the databases up to date and stops: for those who want that done before the program starts. */
import { createLogger, logOutput } from '#platform/observability/create-logger.ts';
import { readConfiguration, type Environment } from '../configuration.ts';
import { openDatabases } from '../databases.ts';
import { findModules, selectModules } from '../modules.ts';
import { Opened } from '../opened.ts';

export async function migrate(environment: Environment, json: boolean): Promise<number> {
  const configuration = readConfiguration(environment);
  const logger = createLogger({ level: configuration.logLevel, ...logOutput(environment, process.stdout.isTTY) });
  const allModules = await findModules();
  const { modules } = selectModules(allModules, configuration.modules);
  const announce = (line: string) => void process.stderr.write(`${line}\n`);
  const opened = new Opened(logger);
  try {
    const databases = await openDatabases({ configuration, environment, modules, allModules, logger, announce }, opened);
    if (json) console.log(JSON.stringify(Object.fromEntries([...databases.modules].map(([module, { migrations }]) => [module, migrations]))));
    else for (const [module, { migrations }] of databases.modules) {
      console.log(migrations.length === 0 ? `${module}: up to date` : `${module}: applied ${migrations.join(', ')}`);
    }
    return 0;
  } finally {
    await opened.closeAll();
  }
}
