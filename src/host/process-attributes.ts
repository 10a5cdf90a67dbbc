// ADR 0070
/** Attributes by which traces, logs and metrics tell processes apart. */
import { randomUUID } from 'node:crypto';
import type { Configuration } from './configuration.ts';
import { findModules, selectModules } from './modules.ts';
import { version } from './version.ts';

const instance = randomUUID();

export async function processAttributes({
  modules: chosen,
  resource,
}: Pick<Configuration, 'modules' | 'resource'>): Promise<Readonly<Record<string, string>>> {
  const all = await findModules();
  const { modules, gateway } = selectModules(all, chosen);
  const isWhole = gateway && modules.length === all.length;
  return {
    'service.name': isWhole ? 'fissile' : ['fissile', ...(gateway ? ['gateway'] : []), ...modules].join('-'),
    'service.version': version,
    'service.instance.id': instance,
    'process.runtime.name': 'nodejs',
    'process.runtime.version': process.versions.node,
    ...resource,
  };
}
