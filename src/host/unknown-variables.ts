/** Finds variables that look like settings of this program and are none: a misspelt one would be ignored without a word. */
import { distance } from 'fastest-levenshtein';
import type { ModuleDefinition } from '#platform/module.ts';
import { variablePrefix } from './configuration.ts';
import type { Environment } from './environment.ts';
import { schemasOf } from './settings.ts';

/** Shorter names are too near to others that mean something else. */
const shortest = 7;
const typos = 2;
/** Kubernetes tells a process of every service: ORDERS_SERVICE_HOST, ORDERS_PORT_5010_TCP. */
const ofKubernetes = /_(SERVICE_HOST|SERVICE_PORT|PORT)(_|$)/;

/** Returns a line for each, for the person who starts the program. */
export function unknownVariables(environment: Environment, modules: readonly ModuleDefinition[]): readonly string[] {
  const known = new Set(schemasOf(modules).flatMap(({ shape }) => Object.keys(shape)));
  const prefixes = modules.map(({ name }) => variablePrefix(name));
  return Object.keys(environment).flatMap((name) => {
    if (known.has(name) || !environment[name] || ofKubernetes.test(name)) return [];
    const meant = [...known].find((other) => isMisspelt(name, other));
    if (meant === undefined && !prefixes.some((prefix) => name.startsWith(prefix))) return [];
    return [
      `${name} is no setting of this program${meant === undefined ? '; "settings" lists them all' : `. Did you mean ${meant}?`}`,
    ];
  });
}

const isMisspelt = (name: string, other: string): boolean =>
  name.length >= shortest && name[0]!.toUpperCase() === other[0] && distance(name.toUpperCase(), other) <= typos;
