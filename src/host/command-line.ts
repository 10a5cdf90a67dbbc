/** The command line: a table of the commands, and commander, which reads the arguments. */
import { styleText } from 'node:util';
import { CommanderError } from 'commander';
import { usageOf, type Command, type CommandLine, type NamedCommand } from './command.ts';
import { parserOf } from './command-parser.ts';
import { completion } from './commands/completion.ts';
import { printed } from './print.ts';
import { reasonOf } from './reason.ts';
import { UsageError } from './usage-error.ts';

/** Each is read when it is needed: a start does not read how backups are made. */
const table: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  serve: () => import('./commands/serve.ts'),
  topology: () => import('./commands/topology.ts'),
  certs: () => import('./commands/certs.ts'),
  broker: () => import('./commands/broker.ts'),
  migrate: () => import('./commands/migrate.ts'),
  backup: () => import('./commands/backup.ts'),
  restore: () => import('./commands/restore.ts'),
  'events list': () => import('./commands/events-list.ts'),
  'events show': () => import('./commands/events-show.ts'),
  'events replay': () => import('./commands/events-replay.ts'),
  mails: () => import('./commands/mails.ts'),
  'log-level': () => import('./commands/log-level.ts'),
  'check-times': () => import('./commands/check-times.ts'),
  sql: () => import('./commands/sql.ts'),
  settings: () => import('./commands/settings.ts'),
  completion: async () => ({ command: completion(allCommands) }),
  version: () => import('./commands/version.ts'),
};

/** Runs what the arguments ask for; resolves with the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let [exitCode, uses, failure]: [number, string[], string | undefined] = [0, [], undefined];
  try {
    const words = inOrder(args);
    const commands = await commandsFor(words[0]);
    uses = commands.filter(({ name }) => beginsWith(name, words[0])).map(usageOf);
    const run = async (command: NamedCommand, line: CommandLine, given: readonly string[]) => {
      failure = command.failure;
      exitCode = printed(await command.run(line, ...given), line.json);
    };
    await parserOf(commands, run).parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : misused(inOneLine(error, uses));
    return error instanceof UsageError ? misused(error.message) : failed(error, failure);
  }
}

/** The command first, which is `serve` unless another is named: options may stand anywhere. */
function inOrder(args: readonly string[]): readonly string[] {
  const isOption = (arg: string, index: number) => arg.startsWith('-') || args[index - 1] === '--topology';
  const options = args.filter(isOption);
  const words = args.filter((arg, index) => !isOption(arg, index));
  if (options.some((option) => option === '--version' || option === '-v'))
    return ['version', ...options.filter((option) => option === '--json')];
  const isHelp = options.includes('--help') || options.includes('-h');
  return [...(words.length === 0 && !isHelp ? ['serve'] : words), ...options];
}

/** The commands that begin with this word, or all if there is none. */
async function commandsFor(word: string | undefined): Promise<readonly NamedCommand[]> {
  const named = Object.keys(table).filter((name) => beginsWith(name, word));
  return named.length === 0 ? allCommands() : Promise.all(named.map(ownCommand));
}

const beginsWith = (name: string, word: string | undefined) => name.split(' ', 1)[0] === word;

const ownCommand = async (name: string): Promise<NamedCommand> => ({ name, ...(await table[name]!()).command });

/** Every command of the program, those of its modules at the end. */
export async function allCommands(): Promise<readonly NamedCommand[]> {
  const { moduleCommands } = await import('./module-commands.ts');
  return [...(await Promise.all(Object.keys(table).map(ownCommand))), ...(await moduleCommands())];
}

/** Commander's message as a sentence; how a command is used where its arguments are too few or too many. */
function inOneLine({ code, message }: CommanderError, uses: readonly string[]): string {
  if (/missingArgument|excessArguments|help$/.test(code)) return `Use: ${uses.join(', or ')}.`;
  const [said, meant] = message.replace('error: ', '').split('\n');
  return `${said![0]!.toUpperCase()}${said!.slice(1)}.${meant === undefined ? '' : ` ${meant.slice(1, -1)}`}`;
}

function misused(line: string): number {
  process.stderr.write(`${line} Try --help.\n`);
  return 2;
}

function failed(error: unknown, failure = 'Failed:'): number {
  const line = reasonOf(error) ?? (error as Error).stack ?? String(error);
  process.stderr.write(`${styleText('red', failure, { stream: process.stderr })} ${line}\n`);
  return 1;
}
