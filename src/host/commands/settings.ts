/** `settings`: every environment variable there is, the modules' own too. */
import { styleText } from 'node:util';
import { z } from 'zod';
import type { Command } from '../command.ts';
import { callVariable, eventsVariable, ownDatabaseVariable, ownDirectVariable, upstreamVariable } from '../configuration.ts';
import { findModules, loadModules } from '../modules.ts';
import { Variables } from '../variables.ts';

/** As JSON Schema has it. */
interface Setting {
  readonly default?: unknown;
  readonly description?: string;
}
type Settings = Readonly<Record<string, Setting>>;

const anyModule = '<module>';
const ofEachModule: Settings = {
  [eventsVariable('<process>')]: { description: 'of a topology: the broker as a user of this process alone, see the command broker' },
  [ownDatabaseVariable(anyModule)]: { description: 'a PostgreSQL for this module alone' },
  [ownDirectVariable(anyModule)]: { description: 'the same past a pooler in transaction mode' },
  [callVariable(anyModule)]: { description: 'where it is called, if it runs elsewhere: dns:///name:port, or addresses with commas between' },
  [upstreamVariable(anyModule)]: { description: 'where the gateway reaches it then: http:// or https://, several with commas between' },
};

export const command: Command = {
  summary: 'list the environment variables',
  description: 'Lists the environment variables of the program and of its modules, with what holds without them.',
  json: 'an object: by variable what JSON Schema says of it, such as {"PORT": {"default": 3000, "type": "integer", ...}}',
  async run() {
    const groups = new Map<string, Settings>([['The program', { ...settingsIn(Variables), ...ofEachModule }]]);
    for (const module of await loadModules(await findModules())) {
      const own = Object.entries(module.settings ? settingsIn(module.settings) : {}).filter(([variable]) => !(variable in Variables.shape));
      if (own.length > 0) groups.set(`The module ${module.name}`, Object.fromEntries(own));
    }
    return { lines: [...groups].flatMap(([title, all]) => [styleText('bold', title), ...linesOf(all)]), json: Object.assign({}, ...groups.values()) as Settings };
  },
};

const settingsIn = (schema: z.ZodObject) => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties as Settings;

const linesOf = (all: Settings) =>
  Object.entries(all).map(
    ([variable, { default: fallback = '', description = '' }]) => `  ${variable.padEnd(26)}  ${String(fallback).padEnd(22)}  ${description}`,
  );
