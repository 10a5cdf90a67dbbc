import { placeOf } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { Edge } from '../source-tree.ts';
import type { Module, System } from '../system.ts';
import type { Reference } from '../wiring.ts';

type Report = (breach: Breach) => void;

export const declaredEdges: Rule = {
  id: 'declared-edges',
  title: 'What a module uses of another is what its module.ts declares',
  adr: 'ADR/0030-modules-meet-in-contracts.md',
  why: 'The declared calls and events are what the host wires, what a split makes remote and what peers are trusted for.',

  check(system, breach) {
    const uses = usesOfContracts(system);
    let examined = 0;
    for (const module of system.modules.values()) {
      const own = uses.get(module.name) ?? [];
      examined += readable(module, breach);
      examined += declaredAreImported(module, own, system, breach);
      examined += importedAreDeclared(module, own, system, breach);
    }
    return examined;
  },
};

function readable({ name, wiring }: Module, breach: Report): number {
  if (wiring.name !== name) {
    breach({
      file: wiring.path,
      line: wiring.line,
      what: `defines a module named ${wiring.name ?? 'by something computed'} in modules/${name}`,
      instead: `Call defineModule('${name}', { ... }): a module's name is its folder.`,
    });
  }
  for (const { what, line } of wiring.unreadable) {
    breach({
      file: wiring.path,
      line,
      what: `computes ${what}, so that it cannot be read from the source`,
      instead: 'Write it out: needs: [UsersApi], reactions: { name: on(event, reaction, [...]) }.',
    });
  }
  return 1;
}

/** Everything declared is another module's, exists, and is used. */
function declaredAreImported(module: Module, uses: readonly Use[], system: System, breach: Report): number {
  const { wiring, name } = module;
  for (const need of wiring.needs) {
    const offer = foreignContract(need, name);
    const where = { file: wiring.path, line: need.line };
    if (offer === undefined || system.modules.get(offer)?.facts.get(need.imported)?.kind !== 'api') {
      breach({
        ...where,
        what: `needs ${need.local}, which is not an api of another module's contract`,
        instead: `Name an api(...) that is imported from another module's contract.ts.`,
      });
    } else if (!isUsedOutsideWiring(module, uses, need.imported, offer)) {
      breach({
        ...where,
        what: `needs ${need.local} of module ${offer}, and nothing in modules/${name} uses it`,
        instead: `Delete it from needs: a module that is declared must run wherever ${name} does.`,
        involves: [`modules/${name}/`],
      });
    }
  }
  for (const { name: reaction, event, factory, line } of wiring.reactions) {
    if (factory?.path !== undefined && !/^modules\/[^/]+\/(reactions|sagas)\//.test(factory.path)) {
      breach({
        file: wiring.path,
        line,
        what: `reaction ${reaction} to ${event.local} is in ${factory.path}`,
        instead: `Put it in modules/${name}/reactions/, one file an event.`,
      });
    }
  }
  return wiring.needs.length + wiring.reactions.length;
}

function importedAreDeclared(module: Module, uses: readonly Use[], system: System, breach: Report): number {
  const { name, wiring } = module;
  const needs = new Set(wiring.needs.map((need) => `${foreignContract(need, name)}:${need.imported}`));
  const events = new Set(wiring.reactions.map(({ event }) => `${foreignContract(event, name)}:${event.imported}`));
  const declared = new Set([...needs, ...events].map((each) => each.split(':')[0]));

  for (const { from, import: each, contract: to } of uses) {
    const facts = system.modules.get(to)?.facts;
    const where = { file: from.path, line: from.lineAt(each.at), involves: [wiring.path] };
    if (!declared.has(to)) {
      breach({
        ...where,
        what: `uses module ${to} (${each.kind}), which modules/${name}/module.ts does not declare`,
        instead: `Declare it in modules/${name}/module.ts: an api in needs, an event in reactions.`,
      });
      continue;
    }
    if (each.kind.endsWith('re-export')) {
      breach({
        ...where,
        what: `hands on what module ${to} offers (${each.kind})`,
        instead: `Whoever needs it imports modules/${to}/contract.ts and declares it.`,
      });
    }
    for (const { imported } of each.names ?? []) {
      const kind = facts?.get(imported)?.kind;
      const known =
        kind === 'api' ? needs
        : kind === 'event' ? events
        : undefined;
      if (!known || known.has(`${to}:${imported}`)) continue;
      breach({
        ...where,
        what: `uses ${imported} of module ${to} (${each.kind}), which modules/${name}/module.ts does not declare`,
        instead:
          kind === 'api' ?
            `Add ${imported} to needs in modules/${name}/module.ts.`
          : `Add a reaction to ${imported} in modules/${name}/module.ts.`,
      });
    }
  }
  return uses.length;
}

/** The module whose contract.ts a reference comes from, if it is another one. */
function foreignContract({ path }: Reference, own: string): string | undefined {
  const place = path === undefined ? undefined : placeOf(path);
  return place?.part === 'module' && place.role === 'contract' && place.module !== own ? place.module : undefined;
}

/** An import of another module's contract. */
interface Use extends Edge {
  /** Whose contract. */
  readonly contract: string;
}

/** By the module that uses them. */
function usesOfContracts({ tree }: System): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  for (const edge of tree.edges) {
    const { place, to } = edge;
    if (place.part !== 'module' || to?.part !== 'module' || to.module === place.module || to.role !== 'contract') continue;
    const own = uses.get(place.module) ?? [];
    own.push({ ...edge, contract: to.module });
    uses.set(place.module, own);
  }
  return uses;
}

/** An import whose names cannot be told is taken to use it. */
const isUsedOutsideWiring = ({ wiring }: Module, uses: readonly Use[], api: string, offeredBy: string): boolean =>
  uses.some(
    ({ from, import: each, contract }) =>
      contract === offeredBy &&
      from.path !== wiring.path &&
      (each.names === undefined || each.names.some(({ imported }) => imported === api || imported === '*')),
  );
