/** The modules of a checkout and what runs between them, as they are in the code. */
import type { Node } from 'oxc-parser';
import { isTest, placeOf } from '../places.ts';
import { readPrismaSchema } from '../prisma-schema.ts';
import type { SourceFile } from '../source-file.ts';
import type { Module, System } from '../system.ts';
import { walk } from '../walk.ts';

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
    .filter((path) => path.startsWith(`prisma/${name}/`) && path.endsWith('.prisma') && !path.endsWith('/platform.prisma'))
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

function callsOf({ name, wiring }: Module, system: System): Connection[] {
  return wiring.needs.flatMap((need) => {
    const to = need.path === undefined ? undefined : placeOf(need.path);
    return to?.part === 'module' ?
        [{ kind: 'call', from: name, to: to.module, names: operationsUsed(name, to.module, need.imported, system) }]
      : [];
  });
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

/** The operations of an api that a module calls, in the order of the contract. */
function operationsUsed(caller: string, callee: string, api: string, { tree, modules }: System): string[] {
  const fact = modules.get(callee)?.facts.get(api);
  const offered = fact?.kind === 'api' ? fact.operations.map(({ name }) => name) : [];
  const used = new Set<string>();
  for (const file of tree.sources.values()) {
    const place = placeOf(file.path);
    if (place.part !== 'module' || place.module !== caller || place.role === 'testing' || isTest(file.path)) continue;
    const local = tree.edgesByFile
      .get(file.path)
      ?.filter(({ target }) => target.kind === 'file' && target.path === `modules/${callee}/contract.ts`)
      .flatMap(({ import: each }) => each.names ?? [])
      .find(({ imported }) => imported === api)?.local;
    if (local !== undefined) for (const operation of calledOn(file, local)) used.add(operation);
  }
  return offered.filter((name) => used.has(name));
}

/** What is called on parameters whose type comes from `typeof UsersApi`, directly or by a type of the same file. */
function calledOn(file: SourceFile, api: string): Set<string> {
  const aliases = new Set<string>();
  const holders = new Set<string>();
  const called = new Set<string>();
  const isOfApi = (type: Node): boolean => {
    let found = false;
    walk(type, (node) => {
      if (node.type === 'Identifier' && (node.name === api || aliases.has(node.name))) found = true;
    });
    return found;
  };
  walk(file.program, (node) => {
    if (node.type === 'TSTypeAliasDeclaration' && isOfApi(node.typeAnnotation)) aliases.add(node.id.name);
  });
  walk(file.program, (node) => {
    if (node.type === 'Identifier' && node.typeAnnotation && isOfApi(node.typeAnnotation)) holders.add(node.name);
  });
  walk(file.program, (node) => {
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return;
    const { object, property } = node.callee;
    if (object.type === 'Identifier' && holders.has(object.name) && property.type === 'Identifier') called.add(property.name);
  });
  return called;
}
