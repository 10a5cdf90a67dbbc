/** The settings as a page of Markdown, and as an example of `.env`. */
import { meaningOf, withoutIt, type SettingsGroup } from '../../src/host/settings.ts';

export const settingsPage = (groups: readonly SettingsGroup[]): string => groups.map(sectionOf).join('\n');

const sectionOf = ({ title, settings }: SettingsGroup) =>
  [
    `## ${title}`,
    '',
    '| variable | without it | |',
    '|---|---|---|',
    ...Object.entries(settings).map(
      ([variable, setting]) => `| \`${variable}\` | ${withoutIt(setting)} | ${meaningOf(setting)} |`,
    ),
    '',
  ].join('\n');

/** Every line is a comment: what is not set keeps its default. */
export const envExample = (groups: readonly SettingsGroup[]): string =>
  [
    '# Settings for development: copy this to .env, which the program reads there, and uncomment what differs.',
    '# In production set them where the program is started. npm run docs writes this file.',
    ...groups.flatMap(({ title, settings }) => [
      '',
      `# ${title}`,
      ...Object.entries(settings).flatMap(([variable, setting]) => exampleOf(variable, setting)),
    ]),
    '',
  ].join('\n');

function exampleOf(variable: string, setting: SettingsGroup['settings'][string]): readonly string[] {
  const { without, default: byDefault = '' } = setting;
  return [
    `# ${meaningOf(setting)}${without === undefined ? '' : `; without it: ${without}`}`,
    `#${variable}=${without === undefined ? String(byDefault) : ''}`,
  ];
}
