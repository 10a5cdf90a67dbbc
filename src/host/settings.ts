/** Every setting there is, as documentation and the command `settings` tell it. */
import { z } from 'zod';
import type { ModuleDefinition } from '#platform/module.ts';
import { variablesOf } from './configuration.ts';
import { ModuleVariables, ProcessVariables, Variables } from './variables.ts';

/** A setting as JSON Schema (2020-12) has it, with what `about` adds. */
export interface Setting {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
  readonly without?: string;
  readonly secret?: true;
  readonly production?: 'needed';
  readonly topology?: 'gateway';
}

export interface SettingsGroup {
  readonly title: string;
  readonly settings: Readonly<Record<string, Setting>>;
}

/** The schemas of all variables that the program and these modules read. */
export const schemasOf = (modules: readonly ModuleDefinition[]): readonly z.ZodObject[] => [
  Variables,
  ...modules.flatMap(({ name, settings }) => [
    variablesOf(name, ModuleVariables),
    variablesOf(name, ProcessVariables),
    ...(settings ? [settings] : []),
  ]),
];

/** Lists the settings of the program, of each module, and of the modules themselves; a shared one once. */
export function settingGroups(modules: readonly ModuleDefinition[]): readonly SettingsGroup[] {
  const own = modules.map(({ name, settings = z.object({}) }) => {
    const all = Object.entries(settingsIn(settings)).filter(([variable]) => !(variable in Variables.shape));
    return { title: `The module ${name}`, settings: Object.fromEntries(all) };
  });
  return [
    { title: 'The program', settings: settingsIn(Variables) },
    {
      title: 'Each module',
      settings: {
        ...settingsIn(variablesOf('<module>', ModuleVariables)),
        ...settingsIn(variablesOf('<process>', ProcessVariables)),
      },
    },
    ...own.filter(({ settings }) => Object.keys(settings).length > 0),
  ];
}

const settingsIn = (schema: z.ZodObject) =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties as SettingsGroup['settings'];

/** The value that holds without a setting, in words; empty where there is none. */
export const withoutIt = ({ without, default: byDefault }: Setting): string =>
  without ?? (byDefault === undefined ? '' : String(byDefault));

/** The description, and what else is to be known. */
export const meaningOf = ({ description = '', production, secret, topology }: Setting): string =>
  [
    description,
    production && `${production} in production`,
    topology && `a topology gives it to its ${topology} only`,
    secret && 'secret',
  ]
    .filter(Boolean)
    .join('; ');
