import { isTest, placeOf } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Edge } from '../source-tree.ts';
import type { Module, System } from '../system.ts';
import { usesOfApi } from '../uses-of-api.ts';
import type { Reference } from '../wiring.ts';

type Report = (breach: Breach) => void;

export const declaredEdges: Rule = {
  id: 'declared-edges',
  title: 'A module uses of others only what its module.ts declares',
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
      instead: 'Write it out: needs: [UsersApi.getProfile], reactions: { name: on(event, reaction, [...]) }.',
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
    const named = [need.local, need.operation].filter((part) => part !== undefined).join('.');
    if (offer === undefined || !isOperation(need, system.modules.get(offer))) {
      breach({
        ...where,
        what: `needs ${named}, which is not an operation of another module's contract`,
        instead: `Name each operation that is called, as in needs: [UsersApi.getProfile].`,
      });
    } else if (!isUsedOutsideWiring(module, uses, need, offer)) {
      breach({
        ...where,
        what: `needs ${named} of module ${offer}, and nothing in modules/${name} uses it`,
        instead: `Delete it from needs: what is declared can be called by the process of ${name}.`,
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
  const operations = new Set(
    wiring.needs.map((need) => `${foreignContract(need, name)}:${need.imported}.${need.operation}`),
  );
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
        instead: `Modules that need it import modules/${to}/contract.ts and declare it.`,
      });
    }
    for (const { imported, local } of each.names ?? []) {
      const kind = facts?.get(imported)?.kind;
      const known = kind === 'api' ? needs : kind === 'event' ? events : undefined;
      if (!known) continue;
      if (!known.has(`${to}:${imported}`)) {
        breach({
          ...where,
          what: `uses ${imported} of module ${to} (${each.kind}), which modules/${name}/module.ts does not declare`,
          instead:
            kind === 'api'
              ? `Add the operations of ${imported} that are called to needs in modules/${name}/module.ts.`
              : `Add a reaction to ${imported} in modules/${name}/module.ts.`,
        });
      } else if (kind === 'api' && from.path !== wiring.path && !standsIn(from)) {
        for (const { operation, line } of usesOfApi(from, local)) {
          if (operation !== undefined && operations.has(`${to}:${imported}.${operation}`)) continue;
          breach({
            ...where,
            line,
            what: `uses ${operation === undefined ? `${imported} as a whole` : `${imported}.${operation}`} of module ${to}, which modules/${name}/module.ts does not declare`,
            instead: `Name the operation, as in Call<typeof ${imported}.${operation ?? 'operation'}>, and add it to needs in modules/${name}/module.ts.`,
          });
        }
      }
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
    if (place.part !== 'module' || to?.part !== 'module' || to.module === place.module || to.role !== 'contract')
      continue;
    const own = uses.get(place.module) ?? [];
    own.push({ ...edge, contract: to.module });
    uses.set(place.module, own);
  }
  return uses;
}

function isOperation({ imported, operation }: Reference, offeredBy: Module | undefined): boolean {
  const fact = offeredBy?.facts.get(imported);
  return fact?.kind === 'api' && fact.operations.some(({ name }) => name === operation);
}

/** Tests and what they stand in with may know the whole of an api. */
const standsIn = ({ path }: SourceFile): boolean => {
  const place = placeOf(path);
  return isTest(path) || (place.part === 'module' && place.role === 'testing');
};

/** An import whose names cannot be told is taken to use it. */
const isUsedOutsideWiring = ({ wiring }: Module, uses: readonly Use[], need: Reference, offeredBy: string): boolean =>
  uses.some(
    ({ from, import: each, contract }) =>
      contract === offeredBy &&
      from.path !== wiring.path &&
      !standsIn(from) &&
      (each.names === undefined ||
        each.names.some(
          ({ imported, local }) =>
            imported === '*' ||
            (imported === need.imported &&
              usesOfApi(from, local).some(({ operation }) => operation === need.operation)),
        )),
  );
