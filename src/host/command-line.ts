/** `npm start`, and what stands behind it: reads the arguments, runs a command, and turns failures into one line. */
import { parseArgs, styleText } from 'node:util';
import { withEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { say } from './greeting.ts';
import { helpOn } from './help.ts';
import { reasonOf } from './reason.ts';
import type { CommandLine } from './stored-data.ts';
import { refusalPrefix } from './topology/refusal.ts';
import { isSupervised } from './topology/supervised.ts';
import { UsageError } from './usage-error.ts';

/** The prefix of the line that says why a command failed. */
const prefixes: Readonly<Record<string, string>> = {
  serve: refusalPrefix,
  topology: refusalPrefix,
  backup: 'Not backed up:',
  restore: 'Not restored:',
  migrate: 'Not migrated:',
};
const otherPrefix = 'Failed:';
/** They take --topology: on data that a topology stored. */
const worksOnStoredData = ['migrate', 'backup', 'restore', 'events', 'check-times', 'sql'];
/** All others are those of modules. */
const known = ['serve', 'topology', 'certs', 'settings', ...worksOnStoredData];
const answersScripts = ['migrate', 'backup', 'restore', 'settings', 'check-times'];

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
    if (values.help) return print(await helpOn(positionals[0]));
    if (values.version) return (await import('./commands/version.ts')).showVersion(values.json);
    const [command = 'serve', ...rest] = positionals;
    prefix = prefixes[command] ?? otherPrefix;
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
  // A supervisor has given its process all that it may know.
  const environment = isSupervised ? process.env : withEnvFile(process.env, process.cwd(), say);
  if (command === 'certs' && rest.length <= 1) return (await import('./commands/certs.ts')).certs(environment, rest[0], topology);
  if (command === 'broker' && rest.length <= 1) return (await import('./commands/broker.ts')).broker(environment, rest[0], topology);
  if (command === 'serve' && rest.length === 0 && topology !== undefined) return runTopology(environment, topology);
  if (worksOnStoredData.includes(command)) return runOnStoredData(command, rest, { environment, topology }, json);
  if (!known.includes(command)) return runOfModules([command, ...rest], { environment, topology });
  if (topology !== undefined) throw new UsageError(`The command "${command}" takes no --topology.`);
  if (command === 'topology') return runTopology(environment, fileIn(rest, command));
  if (command === 'serve' && rest.length === 0) return (await import('./commands/serve.ts')).serve(environment);
  if (command === 'settings' && rest.length === 0) return (await import('./commands/settings.ts')).settings(json);
  throw noSuchCommand(command, rest);
}

async function runOnStoredData(command: string, rest: readonly string[], line: CommandLine, json: boolean): Promise<number> {
  stopWhenNobodyReads();
  if (command === 'events') return (await import('./commands/events.ts')).events(line, rest, json);
  if (command === 'backup') return (await import('./commands/backup.ts')).backup(line, fileIn(rest, command), json);
  if (command === 'restore') return (await import('./commands/restore.ts')).restore(line, fileIn(rest, command), json);
  if (command === 'check-times' && rest.length === 0) return (await import('./commands/check-times.ts')).checkTimes(line, json);
  if (command === 'sql' && rest.length <= 1) return (await import('./commands/sql.ts')).sql(line, rest[0]);
  if (command === 'migrate' && rest.length === 0) return (await import('./commands/migrate.ts')).migrate(line, json);
  throw noSuchCommand(command, rest);
}

async function runOfModules(words: readonly string[], line: CommandLine): Promise<number> {
  const code = await (await import('./commands/of-modules.ts')).runModuleCommand(line, words);
  if (code === undefined) throw noSuchCommand(words[0]!, words.slice(1));
  return code;
}

const noSuchCommand = (command: string, rest: readonly string[]) => new UsageError(`There is no command "${[command, ...rest].join(' ')}".`);

/** As in `events list | head`: the reader had enough, which is no failure. */
function stopWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}

const runTopology = async (environment: Environment, file: string) => (await import('./commands/topology.ts')).serveTopology(environment, file);

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
  const line = reasonOf(error) ?? (error as Error).stack ?? String(error);
  process.stderr.write(`${styleText('red', prefix, { stream: process.stderr })} ${line}\n`);
  return 1;
}

const isParseArgsError = (error: unknown): boolean =>
  error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
