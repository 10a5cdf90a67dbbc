/** `npm start`, and what stands behind it: reads the arguments, runs a command, and turns failures into one line. */
import { parseArgs, styleText } from 'node:util';
import { StartupError } from './startup-error.ts';
import { refusalPrefix } from './topology/refusal.ts';
import { UsageError } from './usage-error.ts';

const help = `Fissile: all its modules in one program, with a database of its own, or in several.

Usage: npm start [-- command]

Commands
  serve                        start the program (the default)
  serve --topology FILE        start the processes that the file names, here
  certs [FOLDER]               make certificates for processes that run apart
  migrate                      bring the database up to date, and stop
  events list                  show the deliveries that were given up
  events show <sub> <event>    show one of them with its event and its error
  events replay <sub> <event>  deliver one of them once more

Options
  --topology     which modules run in which process; see topologies/
  --help, -h     show this
  --version, -v  show the version

Settings come from environment variables; the README lists them.
Exit codes: 0 done, 1 failed or could not start, 2 wrong arguments.
`;

/** Runs what the arguments ask for; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' }, topology: { type: 'string' } },
    });
    if (values.help) return print(help);
    if (values.version) return print(`${(await import('./version.ts')).version}\n`);
    const [command = 'serve', ...rest] = positionals;
    return await run(command, rest, values.topology);
  } catch (error) {
    return fail(error);
  }
}

async function run(command: string, rest: readonly string[], topology: string | undefined): Promise<number> {
  if (command === 'certs' && rest.length <= 1) return (await import('./commands/certs.ts')).certs(process.env, rest[0], topology);
  if (command === 'serve' && rest.length === 0 && topology !== undefined) {
    return (await import('./commands/topology.ts')).serveTopology(process.env, topology);
  }
  if (topology !== undefined) throw new UsageError(`The command "${command}" takes no --topology.`);
  if (command === 'serve' && rest.length === 0) return (await import('./commands/serve.ts')).serve(process.env);
  if (command === 'migrate' && rest.length === 0) return (await import('./commands/migrate.ts')).migrate(process.env);
  if (command === 'events') return (await import('./commands/events.ts')).events(process.env, rest);
  throw new UsageError(`There is no command "${[command, ...rest].join(' ')}".`);
}

const print = (text: string): number => {
  process.stdout.write(text);
  return 0;
};

function fail(error: unknown): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    process.stderr.write(`${(error as Error).message} Try --help.\n`);
    return 2;
  }
  const line = error instanceof StartupError ? error.message : (error as Error).stack ?? String(error);
  process.stderr.write(`${styleText('red', refusalPrefix, { stream: process.stderr })} ${line}\n`);
  return 1;
}

const isParseArgsError = (error: unknown): boolean =>
  error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
