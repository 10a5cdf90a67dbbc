import { layers as allowed, type Layer } from '../layers.ts';
import { isGenerated, isTest, type InModule } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { Edge } from '../source-tree.ts';

export const layers: Rule = {
  id: 'layers',
  title: "A file's folder is its role, and its role says what it may depend on",
  adr: 'ADR/0031-roles-inside-a-module.md',
  why: 'Rules that know storage, transport or the clock can be neither tested without them nor kept when they change.',

  check({ tree }, breach) {
    let examined = 0;
    for (const edge of tree.edges) {
      const { place, from } = edge;
      if (place.part !== 'module' || place.role === undefined) continue;
      examined++;
      const crossing = isTest(from.path) ? undefined : crossingOf(edge, place, allowed[place.role]);
      if (crossing) breach({ file: from.path, line: from.lineAt(edge.import.at), ...crossing });
    }
    return examined;
  },
};

type Crossing = Pick<Breach, 'what' | 'instead' | 'involves'>;

function crossingOf(edge: Edge, from: InModule, layer: Layer): Crossing | undefined {
  const { target, to, import: each } = edge;
  const role = from.role as string;
  const crossing = (what: string, instead: string): Crossing => ({
    what: `${role} depends on ${what} (${each.kind})`,
    instead: `${layer.reason} ${instead}`,
    ...(target.kind === 'file' ? { involves: [target.path] } : {}),
  });

  if (target.kind === 'builtin') {
    const [name] = target.name.split('/') as [string];
    if (layer.builtins.some((allowed) => allowed === '*' || allowed === name || allowed === target.name))
      return undefined;
    return crossing(`node:${target.name}`, 'Declare a port in domain/ and put what touches the outside behind it.');
  }
  if (target.kind === 'package' && layer.packages && !layer.packages.includes(target.name)) {
    return crossing(
      `the package ${target.name}`,
      `Only ${layer.packages.join(' and ')} may be known here; take what it gives as a parameter.`,
    );
  }
  if (target.kind !== 'file' || !to) return undefined;

  if (to.part === 'module') {
    if (to.module !== from.module) {
      // Another module's inside is a breach of its own rule; here it is only about who may know contracts at all.
      if (layer.foreignContracts || to.role !== 'contract') return undefined;
      return crossing(
        target.path,
        `Let a use case, a reaction or a saga know module ${to.module}, and hand over the result.`,
      );
    }
    if (isTest(target.path)) return crossing(`the test ${target.path}`, 'Move what both need into testing/.');
    if (to.role === undefined || to.role === from.role || layer.own.includes(to.role)) return undefined;
    return crossing(target.path, ownInstead(role, to.role, target.path));
  }
  if (to.part === 'platform') {
    const name = target.path.slice('src/platform/'.length).replace(/\.ts$/, '');
    if (!layer.platform || layer.platform.includes(name)) return undefined;
    return crossing(`#platform/${name}.ts`, 'Move it to the role that may, and pass in what is needed.');
  }
  if (to.part === 'runtime') {
    return crossing(
      target.path,
      'Modules are written against the ports in src/platform; what stands behind them may change.',
    );
  }
  return undefined;
}

function ownInstead(from: string, to: string, path: string): string {
  if (to === 'wiring') return 'Take what module.ts would inject as a parameter.';
  if (to === 'testing') return 'Only tests use testing/.';
  if (isGenerated(path) || to === 'persistence')
    return 'Declare a port in domain/, implement it in persistence/, bind it in module.ts.';
  if (to === 'providers' || to === 'security')
    return `Declare a port in domain/, implement it in ${to}/, bind it in module.ts.`;
  if (to === 'http') return 'Move what both need to domain/ or contract.ts.';
  return from === 'http' ? "Call the module's own operation." : 'Turn the dependency round.';
}
