/** `settings`: every environment variable there is, the modules' own too. */
import { styleText } from 'node:util';
import type { Command } from '../command.ts';
import { findModules, loadModules } from '../modules.ts';
import { meaningOf, settingGroups, withoutIt } from '../settings.ts';

export const command: Command = {
  summary: 'list the environment variables',
  description: 'Lists the environment variables of the program and of its modules, with their defaults.',
  json: `an object by variable, in JSON Schema: {"PORT": {"default": 3000, "type": "integer", "description", ...}}; some have "without", "secret", "production", "topology"`,
  async run() {
    const groups = settingGroups(await loadModules(await findModules()));
    const lines = groups.flatMap(({ title, settings }) => [
      styleText('bold', title),
      ...Object.entries(settings).map(
        ([variable, setting]) => `  ${variable.padEnd(28)}  ${withoutIt(setting).padEnd(31)}  ${meaningOf(setting)}`,
      ),
    ]);
    return { lines, json: Object.assign({}, ...groups.map(({ settings }) => settings)) as object };
  },
};
