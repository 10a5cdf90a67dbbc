/** `completion SHELL`: a script that has the shell complete commands and flags. */
import { flagsOf, type Command, type NamedCommand } from '../command.ts';
import { UsageError } from '../usage-error.ts';

/** Words that can follow those that were typed. */
interface Step {
  /** `events list` after `fissile events list`, empty at the beginning. */
  readonly after: string;
  /** True where they can follow later words too, as flags do. */
  readonly lasts: boolean;
  /** By word, its meaning. */
  readonly words: ReadonlyMap<string, string>;
}

export const completion = (all: () => Promise<readonly NamedCommand[]>): Command => ({
  takes: ['SHELL'],
  summary: 'print a script for bash, zsh or fish that completes commands and flags',
  description: `
Prints a script that has the shell complete the commands and flags of "fissile", and names of files.

  bash  source <(fissile completion bash)
  zsh   source <(fissile completion zsh)
  fish  fissile completion fish | source`,
  async run(_, shell) {
    const script = Object.hasOwn(shells, shell!) ? shells[shell!] : undefined;
    if (!script)
      throw new UsageError(`There is no completion for "${shell}". There are: ${Object.keys(shells).join(', ')}.`);
    return { lines: [script(stepsOf(await all()))], json: undefined };
  },
});

function stepsOf(commands: readonly NamedCommand[]): readonly Step[] {
  const start = new Map([
    ['--help', 'show this'],
    ['--version', 'show the version'],
  ]);
  const groups = new Map<string, Map<string, string>>();
  const steps: Step[] = [{ after: '', lasts: false, words: start }];
  for (const command of commands) {
    const [first, second] = command.name.split(' ') as [string, string?];
    start.set(first, second === undefined ? command.summary : `${first} ...`);
    if (second !== undefined)
      groups.set(first, (groups.get(first) ?? new Map<string, string>()).set(second, command.summary));
    const flags = Object.entries(flagsOf(command)).map(([flag, meaning]): [string, string] => [
      flag.split(' ', 1)[0]!,
      meaning,
    ]);
    steps.push({ after: command.name, lasts: true, words: new Map([...flags, ['--help', 'show this']]) });
  }
  return [...steps, ...[...groups].map(([after, words]) => ({ after, lasts: false, words }))];
}

/** The pattern that `case` compares with the words that were typed. */
const pattern = ({ after, lasts }: Step) => `'${after}'${lasts ? `|'${after} '*` : ''}`;
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const bash = (steps: readonly Step[]) => `_fissile() {
  local words= current=\${COMP_WORDS[COMP_CWORD]} hidden='-*'
  case "\${COMP_WORDS[*]:1:COMP_CWORD-1}" in
${steps.map((step) => `    ${pattern(step)}) words='${[...step.words.keys()].join(' ')}' ;;`).join('\n')}
  esac
  [[ $current == -* ]] && hidden=
  COMPREPLY=($(compgen -X "$hidden" -W "$words" -- "$current"))
}
complete -o default -F _fissile fissile`;

const zsh = (steps: readonly Step[]) => `#compdef fissile
_fissile() {
  local -a choices
  case "\${(j: :)words[2,CURRENT-1]}" in
${steps.map((step) => `    ${pattern(step)}) choices=(${[...step.words].map(([word, meaning]) => quoted(`${word}:${meaning}`)).join(' ')}) ;;`).join('\n')}
  esac
  _describe 'command or flag' choices
  _files
}
compdef _fissile fissile`;

const fish = (steps: readonly Step[]) => `function __fissile_after
  set -l typed (string join ' ' -- (commandline -opc)[2..])
  test "$typed" = "$argv[1]"; or begin; set -q argv[2]; and string match -q -- "$argv[1] *" "$typed"; end
end
${steps
  .flatMap(({ after, lasts, words }) =>
    [...words].map(
      ([word, meaning]) =>
        `complete -c fissile -n ${quoted(`__fissile_after "${after}"${lasts ? ' lasting' : ''}`)}${lasts ? '' : ' -f'} -a ${quoted(word)} -d ${quoted(meaning)}`,
    ),
  )
  .join('\n')}`;

const shells: Readonly<Record<string, (steps: readonly Step[]) => string>> = { bash, zsh, fish };
