/** Tells commander what commands there are, and how their help looks. */
import { Command as Parser, Help } from 'commander';
import { isOneFile } from '#platform/assets.ts';
import { exitCodesOf, flagsOf, paragraphsOf, type CommandLine, type NamedCommand } from './command.ts';
import { withEnvFile } from './env-file.ts';
import type { Environment } from './environment.ts';
import { say } from './greeting.ts';
import { print } from './print.ts';
import { isSupervised } from './topology/supervised.ts';
import { Variables } from './variables.ts';

type Run = (command: NamedCommand, line: CommandLine, given: readonly string[]) => Promise<void>;

const about = 'Fissile: all its modules in one program, with a database of its own, or in several.';
/** How the program is called. */
const program = isOneFile ? 'fissile' : 'npm start --';

/** Characters in a line of help. */
const widest = 110;

/** A name of two words is a command within a group. */
export function parserOf(commands: readonly NamedCommand[], run: Run): Parser {
  // Commands that are added take over what was configured before.
  const parser = new Parser(program)
    .exitOverride()
    .helpOption('-h, --help', 'show this')
    .helpCommand(false)
    .configureOutput({
      writeOut: print,
      writeErr: () => {},
      getOutHelpWidth: () => Math.min(process.stdout.columns ?? widest, widest),
    })
    .configureHelp(helpStyle)
    .description(about)
    .usage('[command] [options]')
    .option('-v, --version', 'show the version, and those of Node and PostgreSQL');
  for (const command of commands) {
    const words = command.name.split(' ');
    const group =
      words.length === 1
        ? parser
        : (parser.commands.find((each) => each.name() === words[0]) ?? parser.command(words[0]!));
    const parsed = group
      .command(words.at(-1)!)
      .summary(command.summary)
      .description(paragraphsOf(command).join('\n\n'))
      .usage([...(command.takes ?? []), ...Object.keys(flagsOf(command)).map((flag) => `[${plain(flag)}]`)].join(' '))
      .addHelpText('after', () => notesOn(command));
    for (const name of command.takes ?? []) parsed.argument(name.startsWith('[') ? name : `<${name}>`);
    for (const [flag, meaning] of Object.entries(flagsOf(command))) parsed.option(flag, meaning);
    parsed.action(() => run(command, new TypedLine(parsed.opts()), parsed.args));
  }
  for (const each of [parser, ...parser.commands.filter(isGroup)])
    each.addHelpText('after', `\nExit codes: ${exitCodesOf()}.`);
  return parser;
}

const isGroup = ({ commands }: Parser) => commands.length > 0;
const visibleCommands = ({ commands }: Parser) => commands.flatMap((each) => (isGroup(each) ? each.commands : each));
const plain = (text: string) => text.replaceAll(/[<>]/g, '');
const nameOf = (parser: Parser): string =>
  parser.parent?.parent ? `${nameOf(parser.parent)} ${parser.name()}` : parser.name();

const helpStyle: Partial<Help> = {
  optionTerm: ({ flags }) => plain(flags),
  // The commands of groups one by one. For what a misspelt word meant, commander goes by the names of groups.
  formatHelp: (parser, help) => new Help().formatHelp(parser, Object.assign(help, { visibleCommands })),
  subcommandTerm: (each) =>
    [
      nameOf(each),
      ...each.registeredArguments.map((taken) => (taken.required ? taken.name() : `[${taken.name()}]`)),
    ].join(' '),
  subcommandDescription: (each) => each.summary(),
};

function notesOn(command: NamedCommand): string {
  const settings = (command.settings ?? []).map((name) => `  ${name.padEnd(16)}  ${describe(name)}\n`);
  return `${settings.length > 0 ? `\nSettings:\n${settings.join('')}` : ''}\nExit codes: ${exitCodesOf(command)}.`;
}

const describe = (name: string) => Variables.shape[name as keyof typeof Variables.shape].description;

/** Reads `.env` for a command that asks for settings, and not for others. */
class TypedLine implements CommandLine {
  readonly topology: string | undefined;
  readonly json: boolean | undefined;
  #environment: Environment | undefined;

  constructor({ topology, json }: Omit<CommandLine, 'environment'>) {
    this.topology = topology;
    this.json = json;
  }

  get environment(): Environment {
    // A supervisor has given its process all that it may know.
    return (this.#environment ??= isSupervised ? process.env : withEnvFile(process.env, process.cwd(), say));
  }
}
