/** The commands as a page of Markdown: a table of all, and the help on each. */
import { exitCodesOf, flagsOf, paragraphsOf, usageOf, type NamedCommand } from '../../src/host/command.ts';

export const commandsPage = (commands: readonly NamedCommand[]): string =>
  `${[tableOf(commands), ...commands.map(sectionOf)].join('\n\n')}\n`;

const tableOf = (commands: readonly NamedCommand[]) =>
  [
    '| command | |',
    '|---|---|',
    ...commands.map((each) => `| [\`${usageOf(each)}\`](#${each.name.replaceAll(' ', '-')}) | ${each.summary} |`),
  ].join('\n');

function sectionOf(command: NamedCommand): string {
  const { name, settings = [] } = command;
  const flags = Object.entries(flagsOf(command)).map(
    ([flag, meaning]) => `| \`${flag.replaceAll(/[<>]/g, '')}\` | ${flag === '--json' ? `\`${meaning}\`` : meaning} |`,
  );
  return [
    `## ${name}`,
    `    fissile ${usageOf(command)}`,
    ...paragraphsOf(command).map((text) =>
      text.startsWith(' ') ? text.replaceAll(/^/gm, '  ') : text.replaceAll('<', '\\<'),
    ),
    ...(flags.length > 0 ? [['| flag | |', '|---|---|', ...flags].join('\n')] : []),
    ...(settings.length > 0 ? [`Settings: ${settings.map((setting) => `\`${setting}\``).join(', ')}.`] : []),
    `Exit codes: ${exitCodesOf(command)}.`,
  ].join('\n\n');
}
