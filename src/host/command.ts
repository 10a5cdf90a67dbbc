// ADR 0048
/** A command of the program as one value: the command line, its help, docs/commands.md and shell completion are made of these. */
import type { Printed } from '#platform/module.ts';
import type { Environment } from './environment.ts';

/** The rest of a line: a command's options, and the settings. */
export interface CommandLine {
  readonly environment: Environment;
  /** The file that `--topology` names. */
  readonly topology?: string | undefined;
  readonly json?: boolean | undefined;
}

/** The output of a command, and with which code the program ends: 0 unless it says so. */
export interface Answer extends Printed {
  readonly exitCode?: number;
}

export interface Command {
  /** The arguments in their order: `FILE`, or `[MODULE]` where it can be left out. */
  readonly takes?: readonly string[];
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs with empty lines between; indented lines stay as they are. */
  readonly description?: string;
  /** By what is typed: `--topology <FILE>`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The shape of what it prints with `--json`; undefined: it takes no --json. */
  readonly json?: string;
  /** The environment variables that its help explains. */
  readonly settings?: readonly string[];
  /** Meanings of exit codes that differ from those of most commands: 0 done, 1 failed, 2 wrong arguments. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Begins the line that says why it failed. */
  readonly failure?: string;
  /** Resolves with what to print, or with the exit code where it has printed everything itself. */
  run(line: CommandLine, ...given: string[]): Promise<Answer | number>;
}

export interface NamedCommand extends Command {
  /** The words to type: `events list`. */
  readonly name: string;
}

/** `events show SUBSCRIPTION EVENT` */
export const usageOf = ({ name, takes = [] }: NamedCommand): string => [name, ...takes].join(' ');

/** All flags of a command, `--json` among them. */
export const flagsOf = ({ flags, json }: Command): Readonly<Record<string, string>> => ({
  ...flags,
  ...(json !== undefined && { '--json': json }),
});

/** In words: `0 done, 1 failed, 2 wrong arguments`. */
export const exitCodesOf = (command?: Command): string =>
  Object.entries({ 0: 'done', 1: 'failed', 2: 'wrong arguments', ...command?.exitCodes })
    .map(([code, meaning]) => `${code} ${meaning}`)
    .join(', ');

/** The paragraphs of a command's description, each in one line unless it is indented. */
export const paragraphsOf = ({ summary, description }: Command): readonly string[] =>
  description === undefined
    ? [`${summary[0]!.toUpperCase()}${summary.slice(1)}.`]
    : description
        .trim()
        .split(/\n\n/)
        .map((text) => (text.startsWith(' ') ? text : text.replaceAll(/\s*\n\s*/g, ' ')));
