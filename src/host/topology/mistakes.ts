/** Mistakes in a topology that is well written. */
import { gateway, type TopologyEntries } from './topology-file.ts';

export interface Mistake {
  /** Where in the file. */
  readonly path: readonly string[];
  readonly text: string;
}

type Entry = readonly [name: string, process: TopologyEntries['processes'][string]];

export function mistakesIn({ events, processes }: TopologyEntries, allModules: readonly string[]): readonly Mistake[] {
  const entries = Object.entries(processes);
  return [
    ...modulesOutOfPlace(entries, [gateway, ...allModules]),
    ...gatewayReplicas(entries),
    ...(entries.length > 1 ? apartWithoutMeans(entries, events) : []),
    ...takenTwice(entries),
  ];
}

function modulesOutOfPlace(entries: readonly Entry[], all: readonly string[]): Mistake[] {
  const found: Mistake[] = [];
  const home = new Map<string, string>();
  for (const [name, { modules }] of entries) {
    for (const [index, module] of modules.entries()) {
      const path = ['processes', name, 'modules', String(index)];
      const other = home.get(module);
      if (!all.includes(module)) found.push({ path, text: `${module} is not a module; there are ${all.join(', ')}` });
      else if (other !== undefined) {
        found.push({
          path,
          text: `${module} runs in ${other} already. Take it out of one; for more of the same, give a process replicas`,
        });
      } else home.set(module, name);
    }
  }
  const missing = all.filter((module) => !home.has(module));
  if (missing.length > 0)
    found.push({ path: ['processes'], text: `no process runs ${missing.join(', ')}. Add it to the modules of one` });
  return found;
}

const gatewayReplicas = (entries: readonly Entry[]): Mistake[] =>
  entries
    .filter(([, { modules, replicas }]) => modules.includes(gateway) && replicas > 1)
    .map(([name]) => ({
      path: ['processes', name, 'replicas'],
      text: 'must be 1, since nothing here would share the requests out among several gateways. Move the modules that need replicas to a process of their own',
    }));

function apartWithoutMeans(entries: readonly Entry[], events: string): Mistake[] {
  const found: Mistake[] = [];
  if (events === 'memory') {
    found.push({
      path: ['events'],
      text: 'memory reaches one process only. Write ${EVENTS_URL} for the broker of the environment',
    });
  }
  for (const [name, { modules, grpcPort }] of entries) {
    if (grpcPort === undefined && modules.some((module) => module !== gateway)) {
      found.push({ path: ['processes', name, 'grpcPort'], text: 'is missing: other processes call its modules' });
    }
  }
  return found;
}

function takenTwice(entries: readonly Entry[]): Mistake[] {
  const found: Mistake[] = [];
  const owners = new Map<number, string>();
  for (const [name, { port, grpcPort, managementPort, replicas }] of entries) {
    for (const [setting, first] of [
      ['port', port],
      ['grpcPort', grpcPort],
      ['managementPort', managementPort],
    ] as const) {
      if (first === undefined) continue;
      for (let replica = 0; replica < replicas; replica++) {
        const owner = owners.get(first + replica);
        if (owner === undefined) owners.set(first + replica, `${name}.${setting}`);
        else
          found.push({
            path: ['processes', name, setting],
            text: `${first + replica} belongs to ${owner} already; replicas count up from the port of the first`,
          });
      }
    }
  }
  return found;
}
