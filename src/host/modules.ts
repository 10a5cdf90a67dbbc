/** Which modules there are, and which of them this process runs. */
import type { ModuleDefinition } from '#platform/module.ts';
import { auditEndpoints } from '#runtime/audit/audit-endpoints.ts';
import { moduleVariable } from './configuration.ts';
import { importModule, moduleNames as findModules } from './module-folders.ts';
import { StartupError } from './startup-error.ts';

export { findModules };

/** The name in `MODULES` for the single way in, beside the modules. */
const gateway = 'gateway';

export interface Selection {
  readonly modules: readonly string[];
  /** Tells whether this process is the way in to the modules that run elsewhere. */
  readonly gateway: boolean;
}

/** Selects what this process runs; without a wish, everything. */
export function selectModules(all: readonly string[], wanted: readonly string[] | undefined): Selection {
  if (wanted === undefined) return { modules: all, gateway: true };
  const unknown = wanted.filter((name) => name !== gateway && !all.includes(name));
  if (unknown.length > 0) {
    throw new StartupError(
      `MODULES names ${unknown.join(', ')}, which is not a module. There are: ${[...all, gateway].join(', ')}.`,
    );
  }
  return { modules: all.filter((name) => wanted.includes(name)), gateway: wanted.includes(gateway) };
}

/** Reads their code, and adds what the platform serves in the name of each. */
export const loadModules = (names: readonly string[]): Promise<readonly ModuleDefinition[]> =>
  Promise.all(names.map(loadModule));

async function loadModule(name: string): Promise<ModuleDefinition> {
  const { default: definition } = (await importModule(name)) as { default: ModuleDefinition };
  if (definition.name !== name) {
    throw new StartupError(
      `modules/${name}/module.ts defines a module named "${definition.name}". Give both the same name.`,
    );
  }
  return { ...definition, endpoints: [...definition.endpoints, ...auditEndpoints(name)] };
}

/** Refuses to start when a module calls one that is neither here nor reachable. */
export function checkNeeds(selected: readonly ModuleDefinition[], isReachable: (module: string) => boolean): void {
  for (const module of selected) {
    const missing = [...new Set(module.needs.map((operation) => operation.module))].filter(
      (name) => !isReachable(name),
    );
    if (missing.length > 0) {
      throw new StartupError(
        `Module ${module.name} calls ${missing.join(' and ')}, which this process does not run. ` +
          `Add ${missing.join(',')} to MODULES, or say where to call: ${missing.map((name) => moduleVariable(name, 'URL')).join(', ')}.`,
      );
    }
  }
}
