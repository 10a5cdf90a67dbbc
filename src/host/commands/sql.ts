/** `sql [MODULE]`: a prompt on the stored data, psql's where that is installed. */
import { spawn } from 'node:child_process';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { moduleSettings, toolSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { Command, CommandLine } from '../command.ts';
import { findModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { sqlPrompt } from '../sql-prompt.ts';
import { findStoredData, storedServer } from '../stored-data.ts';
import { UsageError } from '../usage-error.ts';

export const command: Command = {
  takes: ['[MODULE]'],
  summary: "open a prompt on the data, as the module's role or as the administrator",
  description: `
Opens psql on the stored data, or a small prompt where psql is not installed: there a statement ends with ";", and the
session with \\q or the end of the input. With MODULE it connects as the module's role, which reaches its own schema and
nothing else; without, as the administrator of the server. The program may be running meanwhile.`,
  flags: { '--topology <FILE>': 'in the databases of this topology: name the module then' },
  exitCodes: { 1: 'a statement failed, or the database cannot be reached', 3: 'psql stopped at an error' },
  run: sql,
};

/** As the module's own role, which reaches nothing else; without a module as the administrator of the server. */
async function sql(line: CommandLine, module?: string): Promise<number> {
  const modules = await findModules();
  if (module !== undefined && !modules.includes(module))
    throw new UsageError(`There is no module "${module}". There are: ${modules.join(', ')}.`);
  if (module === undefined && line.topology !== undefined)
    throw new UsageError('Name a module: in a topology each has a database of its own.');
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const connection =
      module === undefined
        ? await storedServer(line, opened)
        : (await findStoredData(line, opened, module))[0]!.connection;
    // psql takes Ctrl-C for itself: the statement ends, and not the session.
    process.on('SIGINT', () => {});
    return (await psql(connection)) ?? (await ownPrompt(connection, module, opened));
  } finally {
    await opened.closeAll();
  }
}

/** Its exit code; undefined where it is not installed. The password is in its environment, where no other user sees it. */
function psql(connection: ConnectionSettings): Promise<number | undefined> {
  const { host, port, user, password, database, ssl } = new Session({ ...connection, settings: toolSettings });
  const settings = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: user,
    PGPASSWORD: password ?? '',
    PGDATABASE: database,
    PGTZ: 'UTC',
  };
  const child = spawn('psql', [], {
    stdio: 'inherit',
    env: { ...process.env, ...settings, ...(ssl && { PGSSLMODE: 'require' }) },
  });
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ENOENT' ? resolve(undefined) : reject(error),
    );
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

async function ownPrompt(connection: ConnectionSettings, module: string | undefined, opened: Opened): Promise<number> {
  const settings = module === undefined ? toolSettings : moduleSettings(module);
  const client = new Session({ ...connection, settings });
  await client.connect();
  opened.add('the session', () => client.end());
  return sqlPrompt(client, { input: process.stdin, output: process.stdout });
}
