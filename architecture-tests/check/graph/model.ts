/** The modules of a checkout and what runs between them, as they are in the code. */
import { placeOf } from '../places.ts';
import { readPrismaSchema } from '../prisma-schema.ts';
import type { Module, System } from '../system.ts';

export interface ModuleNode {
  readonly name: string;
  readonly operations: readonly string[];
  /** The events it announces, without its name in front. */
  readonly events: readonly string[];
  readonly tables: readonly string[];
}
export interface Connection {
  readonly kind: 'call' | 'event';
  /** Who calls, or who announces. */
  readonly from: string;
  readonly to: string;
  /** Operations that are called, or events that are reacted to. */
  readonly names: readonly string[];
}
export interface Graph {
  readonly modules: readonly ModuleNode[];
  readonly connections: readonly Connection[];
}

export function readGraph(system: System): Graph {
  const modules = [...system.modules.values()];
  return {
    modules: modules.map((module) => nodeOf(module, system)),
    connections: [
      ...modules.flatMap((module) => callsOf(module, system)),
      ...modules.flatMap((module) => eventsTo(module, system)),
    ],
  };
}

function nodeOf({ name, facts, wiring }: Module, { tree }: System): ModuleNode {
  const all = [...facts.values()];
  const published = new Set(wiring.publishes.map(({ imported }) => imported));
  const tables = [...tree.paths]
    .filter((path) => path.startsWith(`prisma/${name}/`) && path.endsWith('.prisma'))
    .flatMap((path) =>
      readPrismaSchema(tree.read(path))
        .blocks.filter(({ kind }) => kind === 'model')
        .map(({ table }) => table),
    );
  return {
    name,
    operations: all.flatMap((fact) => (fact.kind === 'api' ? fact.operations.map((operation) => operation.name) : [])),
    events: [...facts].flatMap(([exported, fact]) =>
      fact.kind === 'event' && published.has(exported) ? [bare(fact.name ?? exported)] : [],
    ),
    tables,
  };
}

const bare = (event: string) => event.slice(event.indexOf('.') + 1);

function callsOf({ name, wiring }: Module, { modules }: System): Connection[] {
  const byOwner = Map.groupBy(wiring.needs, ({ path }) =>
    path === undefined ? undefined : modules.get(ownerOf(path)),
  );
  return [...byOwner].flatMap(([owner, needs]) => {
    if (!owner) return [];
    const needed = new Set(needs.map(({ operation }) => operation));
    const offered = [...owner.facts.values()].flatMap((fact) =>
      fact.kind === 'api' ? fact.operations.map((each) => each.name) : [],
    );
    return [{ kind: 'call', from: name, to: owner.name, names: offered.filter((operation) => needed.has(operation)) }];
  });
}

function ownerOf(path: string): string {
  const place = placeOf(path);
  return place.part === 'module' ? place.module : '';
}

function eventsTo({ name, wiring }: Module, { modules }: System): Connection[] {
  const byOwner = new Map<string, Set<string>>();
  for (const { event } of wiring.reactions) {
    const owner = event.path === undefined ? undefined : placeOf(event.path);
    if (owner?.part !== 'module') continue;
    const fact = modules.get(owner.module)?.facts.get(event.imported);
    const names = byOwner.get(owner.module) ?? new Set();
    byOwner.set(owner.module, names.add(bare((fact?.kind === 'event' ? fact.name : undefined) ?? event.imported)));
  }
  return [...byOwner].map(([owner, names]) => ({ kind: 'event', from: owner, to: name, names: [...names] }));
}
