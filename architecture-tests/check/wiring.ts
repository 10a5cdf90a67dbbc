/** Reads the declarations of a module.ts: `defineModule('orders', { needs, publishes, reactions, sagas, ... })`. */
import type { CallExpression, Node, ObjectExpression } from 'oxc-parser';
import type { Edge } from './source-tree.ts';
import type { SourceFile } from './source-file.ts';
import { calleeName, keyOf, property } from './syntax.ts';
import { literalText, walk } from './walk.ts';

/** A name, and the file and export it comes from; undefined for what the file declares itself. */
export interface Reference {
  readonly local: string;
  readonly imported: string;
  /** In `UsersApi.getProfile`, the name behind the dot. */
  readonly operation?: string;
  readonly path: string | undefined;
  readonly line: number;
}

export interface ReactionFact {
  readonly name: string;
  readonly event: Reference;
  readonly factory: Reference | undefined;
  readonly line: number;
}

export interface SagaFact {
  readonly saga: Reference;
  readonly factory: Reference | undefined;
  readonly line: number;
}

export interface Wiring {
  readonly path: string;
  readonly name: string | undefined;
  readonly line: number;
  readonly offers: Reference | undefined;
  readonly needs: readonly Reference[];
  readonly publishes: readonly Reference[];
  readonly reactions: readonly ReactionFact[];
  readonly sagas: readonly SagaFact[];
  /** Parts of the declaration that are computed, so that nobody can tell by reading what they hold. */
  readonly unreadable: readonly { readonly what: string; readonly line: number }[];
}

export function readWiring(file: SourceFile, edges: readonly Edge[]): Wiring | undefined {
  const call = definition(file);
  const object = call?.arguments[1];
  if (!call || object?.type !== 'ObjectExpression') return undefined;

  const unreadable: { what: string; line: number }[] = [];
  const refer = referencesOf(file, edges);
  const list = (name: string): readonly Reference[] => {
    const value = property(object, name);
    if (value === undefined) return [];
    if (value.type !== 'ArrayExpression') {
      unreadable.push({ what: name, line: file.lineOf(value) });
      return [];
    }
    return value.elements.flatMap((element) => {
      const reference = element && refer(element);
      if (!reference) unreadable.push({ what: `an entry of ${name}`, line: file.lineOf(element ?? value) });
      return reference ? [reference] : [];
    });
  };
  for (const each of object.properties) {
    if (each.type === 'SpreadElement') unreadable.push({ what: 'a part of the definition', line: file.lineOf(each) });
  }
  const offers = property(object, 'offers');
  return {
    path: file.path,
    name: literalText(call.arguments[0]),
    line: file.lineOf(call),
    offers: offers && refer(offers),
    needs: list('needs'),
    publishes: list('publishes'),
    reactions: reactionsIn(object, file, refer, unreadable),
    sagas: sagasIn(object, file, refer, unreadable),
    unreadable,
  };
}

function definition(file: SourceFile): CallExpression | undefined {
  let found: CallExpression | undefined;
  walk(file.program, (node) => {
    if (node.type === 'CallExpression' && calleeName(node) === 'defineModule') found ??= node;
    return !found;
  });
  return found;
}

function reactionsIn(
  object: ObjectExpression,
  file: SourceFile,
  refer: (node: Node) => Reference | undefined,
  unreadable: { what: string; line: number }[],
): ReactionFact[] {
  const value = property(object, 'reactions');
  if (value === undefined) return [];
  if (value.type !== 'ObjectExpression') {
    unreadable.push({ what: 'reactions', line: file.lineOf(value) });
    return [];
  }
  return value.properties.flatMap((each) => {
    const line = file.lineOf(each);
    const name = each.type === 'Property' ? keyOf(each.key) : undefined;
    const call = each.type === 'Property' && each.value.type === 'CallExpression' ? each.value : undefined;
    const event = call?.arguments[0] && refer(call.arguments[0]);
    if (name === undefined || !call || calleeName(call) !== 'on' || !event) {
      unreadable.push({ what: `the reaction ${name ?? ''}`.trim(), line });
      return [];
    }
    return [{ name, event, factory: factoryOf(call, refer), line }];
  });
}

function sagasIn(
  object: ObjectExpression,
  file: SourceFile,
  refer: (node: Node) => Reference | undefined,
  unreadable: { what: string; line: number }[],
): SagaFact[] {
  const value = property(object, 'sagas');
  const elements = value?.type === 'ArrayExpression' ? value.elements : [value];
  return elements.flatMap((each) => {
    if (!each) return [];
    const line = file.lineOf(each);
    const call = each.type === 'CallExpression' && calleeName(each) === 'run' ? each : undefined;
    const saga = call?.arguments[0] && refer(call.arguments[0]);
    if (call && saga) return [{ saga, factory: factoryOf(call, refer), line }];
    unreadable.push({ what: 'sagas', line });
    return [];
  });
}

/** `on(event, releasePayment, [...])`, or `on(event, (a, b) => releasePayment(a, b.c), [...])`. */
function factoryOf(
  { arguments: [, factory] }: CallExpression,
  refer: (node: Node) => Reference | undefined,
): Reference | undefined {
  if (factory?.type !== 'ArrowFunctionExpression') return factory && refer(factory);
  return factory.body.type === 'CallExpression' ? refer(factory.body.callee) : undefined;
}

function referencesOf(file: SourceFile, edges: readonly Edge[]): (node: Node) => Reference | undefined {
  const imported = new Map<string, Omit<Reference, 'line'>>();
  for (const { import: each, target } of edges) {
    for (const name of each.names ?? []) {
      imported.set(name.local, { ...name, path: target.kind === 'file' ? target.path : undefined });
    }
  }
  const refer = (node: Node): Reference | undefined => {
    const line = file.lineOf(node);
    if (node.type === 'Identifier') {
      return { ...(imported.get(node.name) ?? { local: node.name, imported: node.name, path: undefined }), line };
    }
    if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined;
    const of = refer(node.object);
    if (of?.path === undefined || of.operation !== undefined) return undefined;
    const { name } = node.property;
    // `orders.orderPlaced` after `import * as orders`, or `OrdersApi.placeOrder`.
    return of.imported === '*' ? { ...of, imported: name, line } : { ...of, operation: name, line };
  };
  return refer;
}
