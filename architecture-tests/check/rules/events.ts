import type { CallExpression } from 'oxc-parser';
import { contractShapes, type JsonSchema } from '../contracts.ts';
import { isTest, placeOf } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { Module, System } from '../system.ts';
import { walk } from '../walk.ts';

type Report = (breach: Breach) => void;

export const events: Rule = {
  id: 'events',
  title: 'An event is announced by its owner, has a schema, and carries nothing secret',
  adr: 'ADR/0033-the-contract-lock.md',
  why: 'Subscribers trust the sender of an event, and keep its content in places that its owner never sees.',

  check(system, breach) {
    let examined = 0;
    for (const module of system.modules.values()) {
      examined += names(module, breach) + declared(module, breach) + heard(module, system, breach);
    }
    return examined + announced(system, breach) + payloads(system, breach);
  },
};

/** Names begin with the module they belong to. */
function names({ name, contract, facts }: Module, breach: Report): number {
  for (const [exported, fact] of facts) {
    const where = { file: contract.path, line: fact.line };
    if (fact.kind === 'api' && fact.module !== name) {
      breach({
        ...where,
        what: `${exported} is an api of ${fact.module ?? 'a computed module'}`,
        instead: `Write api('${name}', { ... }).`,
      });
    }
    if (fact.kind === 'event' && fact.name?.split('.')[0] !== name) {
      breach({
        ...where,
        what: `${exported} is named ${fact.name ?? 'by something computed'}`,
        instead: `Write event('${name}.something-happened', ...): a module announces its own events.`,
      });
    }
  }
  return facts.size;
}

/** The contract and `publishes` name the same events. */
function declared({ name, contract, facts, wiring }: Module, breach: Report): number {
  const published = new Set<string>();
  for (const { local, imported, path, line } of wiring.publishes) {
    if (path === contract.path && facts.get(imported)?.kind === 'event') published.add(imported);
    else
      breach({
        file: wiring.path,
        line,
        what: `publishes ${local}, which is no event of its contract`,
        instead: `Publish only events of modules/${name}/contract.ts.`,
      });
  }
  for (const [exported, fact] of facts) {
    if (fact.kind !== 'event' || published.has(exported)) continue;
    breach({
      file: contract.path,
      line: fact.line,
      what: `declares ${exported}, which module.ts does not publish`,
      instead: 'Add it to publishes, or delete it.',
      involves: [wiring.path],
    });
  }
  return wiring.publishes.length;
}

/** Every reaction's event exists. */
function heard({ wiring }: Module, { modules }: System, breach: Report): number {
  for (const { name, event, line } of wiring.reactions) {
    const place = event.path === undefined ? undefined : placeOf(event.path);
    const owner = place?.part === 'module' && place.role === 'contract' ? modules.get(place.module) : undefined;
    if (owner?.facts.get(event.imported)?.kind === 'event') continue;
    breach({
      file: wiring.path,
      line,
      what: `reaction ${name} waits for ${event.local}, which no contract announces`,
      instead: 'React to an event(...) that a contract exports.',
    });
  }
  return wiring.reactions.length;
}

/** `outbox.add(event, ...)` with an event of another module. A test may pretend to be somebody else. */
function announced({ tree, modules }: System, breach: Report): number {
  let examined = 0;
  for (const file of tree.sources.values()) {
    const place = placeOf(file.path);
    if (place.part !== 'module' || place.role === 'testing' || isTest(file.path)) continue;
    const foreign = new Map<string, string>();
    for (const { import: each, to } of tree.edgesByFile.get(file.path) ?? []) {
      if (to?.part !== 'module' || to.module === place.module || to.role !== 'contract' || each.typeOnly) continue;
      for (const { imported, local } of each.names ?? []) {
        if (imported === '*' || modules.get(to.module)?.facts.get(imported)?.kind === 'event')
          foreign.set(local, to.module);
      }
    }
    if (foreign.size === 0) continue;
    examined++;
    walk(file.program, (node) => {
      const event = node.type === 'CallExpression' ? addedEvent(node) : undefined;
      const owner = event === undefined ? undefined : foreign.get(event);
      if (owner === undefined) return;
      breach({
        file: file.path,
        line: file.lineOf(node),
        what: `announces ${event} of module ${owner}`,
        instead: `Call an operation of ${owner} that announces it, or announce an event of your own.`,
      });
    });
  }
  return examined;
}

function addedEvent({ callee, arguments: [event] }: CallExpression): string | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || callee.property.name !== 'add')
    return undefined;
  if (event?.type === 'Identifier') return event.name;
  return event?.type === 'MemberExpression' && event.object.type === 'Identifier' ? event.object.name : undefined;
}

function payloads(system: System, breach: Report): number {
  let examined = 0;
  for (const [name, { events: shapes }] of contractShapes(system)) {
    const { contract, facts } = system.modules.get(name) as Module;
    for (const { exportedAs, key, payload } of Object.values(shapes)) {
      examined++;
      const where = { file: contract.path, line: facts.get(exportedAs)?.line ?? 1 };
      for (const { path, what, instead } of faultsOf(payload, ''))
        breach({ ...where, what: `${exportedAs}${path} ${what}`, instead });
      const fields = payload.properties as Record<string, unknown> | undefined;
      if (!fields || !Object.hasOwn(fields, key))
        breach({
          ...where,
          what: `${exportedAs} is keyed by ${key}, which its payload does not have`,
          instead: 'Key it by a field of its payload.',
        });
    }
  }
  return examined;
}

const secret =
  /(^| )(pass(word|phrase|wd)?|secrets?|credentials?|tokens?|pin|otp|salt|hash|cvv|cvc|iban|(private|api|signing|encryption) key|(card|account) number)( |$)/;
const words = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]/g, ' ')
    .toLowerCase();

interface Fault {
  readonly path: string;
  readonly what: string;
  readonly instead: string;
}

function* faultsOf(schema: JsonSchema, path: string): Iterable<Fault> {
  const isOpen = Object.keys(schema).every((key) => ['default', 'not'].includes(key));
  if (isOpen || isLoose(schema)) {
    // z.any(), z.unknown(), z.custom<SomePrismaType>(), z.looseObject() all end here.
    yield {
      path,
      what: 'has no schema',
      instead: 'Say what it holds in zod; a type of a library or of storage is no schema.',
    };
    return;
  }
  for (const [name, field] of Object.entries((schema.properties as Record<string, JsonSchema> | undefined) ?? {})) {
    if (secret.test(words(name))) {
      yield {
        path: `${path}.${name}`,
        what: 'carries a secret',
        instead: 'Leave it out: an event is stored, and sent to all its subscribers.',
      };
    }
    yield* faultsOf(field, `${path}.${name}`);
  }
  for (const keyword of ['items', 'additionalProperties'] as const) {
    const inner = schema[keyword];
    if (typeof inner === 'object' && inner !== null) yield* faultsOf(inner as JsonSchema, `${path}[]`);
  }
  for (const keyword of ['anyOf', 'oneOf', 'allOf', 'prefixItems'] as const) {
    for (const inner of (schema[keyword] as JsonSchema[] | undefined) ?? []) yield* faultsOf(inner, path);
  }
}

/** `additionalProperties: {}` takes anything. */
const isLoose = ({ additionalProperties }: JsonSchema): boolean =>
  additionalProperties === true ||
  (typeof additionalProperties === 'object' &&
    additionalProperties !== null &&
    Object.keys(additionalProperties).length === 0);
