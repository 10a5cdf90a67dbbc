/** `npm start`, and what stands behind it: reads the arguments, runs a command, and turns failures into one line. */
import { parseArgs, styleText } from 'node:util';
import { helpOn } from './help.ts';
import { StartupError } from './startup-error.ts';
import { refusalPrefix } from './topology/refusal.ts';
import { UsageError } from './usage-error.ts';

/** What begins the line that says why nothing came of it. */
const prefixes: Readonly<Record<string, string>> = { backup: 'Not backed up:', restore: 'Not restored:' };
const answersScripts = ['migrate', 'backup', 'restore', 'settings'];

/** Runs what the arguments ask for; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let prefix = refusalPrefix;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
        topology: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (values.help) return print(helpOn(positionals[0]));
    if (values.version) return (await import('./commands/version.ts')).showVersion(values.json);
    const [command = 'serve', ...rest] = positionals;
    prefix = prefixes[command] ?? refusalPrefix;
    return await run(command, rest, values);
  } catch (error) {
    return fail(error, prefix);
  }
}

interface Options {
  readonly topology?: string | undefined;
  readonly json: boolean;
}

async function run(command: string, rest: readonly string[], { topology, json }: Options): Promise<number> {
  if (json && !answersScripts.includes(command) && !(command === 'events' && rest[0] === 'list')) {
    throw new UsageError(`The command "${[command, ...rest].join(' ')}" takes no --json.`);
  }
  if (command === 'certs' && rest.length <= 1) return (await import('./commands/certs.ts')).certs(process.env, rest[0], topology);
  if (command === 'serve' && rest.length === 0 && topology !== undefined) return runTopology(topology);
  if (topology !== undefined) throw new UsageError(`The command "${command}" takes no --topology.`);
  if (command === 'topology') return runTopology(fileIn(rest, command));
  if (command === 'serve' && rest.length === 0) return (await import('./commands/serve.ts')).serve(process.env);
  if (command === 'migrate' && rest.length === 0) return (await import('./commands/migrate.ts')).migrate(process.env, json);
  if (command === 'backup') return (await import('./commands/backup.ts')).backup(process.env, fileIn(rest, command), json);
  if (command === 'restore') return (await import('./commands/restore.ts')).restore(process.env, fileIn(rest, command), json);
  if (command === 'settings' && rest.length === 0) return (await import('./commands/settings.ts')).settings(json);
  if (command === 'events') return (await import('./commands/events.ts')).events(process.env, rest, json);
  throw new UsageError(`There is no command "${[command, ...rest].join(' ')}".`);
}

const runTopology = async (file: string) => (await import('./commands/topology.ts')).serveTopology(process.env, file);

function fileIn(rest: readonly string[], command: string): string {
  const [file] = rest;
  if (file === undefined || rest.length > 1) throw new UsageError(`Use: ${command} FILE.`);
  return file;
}

const print = (text: string): number => {
  process.stdout.write(text);
  return 0;
};

function fail(error: unknown, prefix: string): number {
  if (error instanceof UsageError || isParseArgsError(error)) {
    process.stderr.write(`${(error as Error).message} Try --help.\n`);
    return 2;
  }
  const line = error instanceof StartupError ? error.message : (error as Error).stack ?? String(error);
  process.stderr.write(`${styleText('red', prefix, { stream: process.stderr })} ${line}\n`);
  return 1;
}

const isParseArgsError = (error: unknown): boolean =>
  error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
