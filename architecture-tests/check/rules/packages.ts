import { packagePolicies, type PackagePolicy } from '../adrs.ts';
import { isForTests, placeOf } from '../places.ts';
import type { Breach, Rule } from '../rule.ts';
import type { System } from '../system.ts';

type Report = (breach: Breach) => void;

export const packages: Rule = {
  id: 'packages',
  title: 'A package is named by an ADR and imported where that ADR says',
  adr: 'ADR/0013-libraries.md',
  why: 'Every package is a decision: what it does, where it may be known, and what it would cost to replace.',

  check(system, breach) {
    const policies = packagePolicies(system.tree);
    const policyOf = (name: string) =>
      policies.find((policy) =>
        policy.name.endsWith('*') ? name.startsWith(policy.name.slice(0, -1)) : policy.name === name,
      );
    return installed(system, policies, policyOf, breach) + imported(system, policyOf, breach);
  },
};

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** package.json and the ADRs name the same packages. */
function installed(
  { tree }: System,
  policies: readonly PackagePolicy[],
  policyOf: (name: string) => PackagePolicy | undefined,
  breach: Report,
): number {
  const { dependencies, optionalDependencies, devDependencies } = tree.readJson<PackageJson>('package.json') ?? {};
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  const lines = names.length > 0 ? tree.read('package.json').split('\n') : [];
  const used = new Set<PackagePolicy>();
  for (const name of names) {
    const policy = policyOf(name);
    if (policy) used.add(policy);
    else {
      breach({
        file: 'package.json',
        line: lines.findIndex((line) => line.includes(`"${name}":`)) + 1,
        what: `${name} is named by no ADR`,
        instead:
          'Do without it, or say in an ADR what it is for and where it may be imported (| package | imported by | why |).',
      });
    }
  }
  for (const policy of policies) {
    if (!used.has(policy))
      breach({
        file: policy.adr,
        line: policy.line,
        what: `names ${policy.name}, which package.json does not have`,
        instead: 'Delete the row.',
      });
  }
  return names.length;
}

function imported({ tree }: System, policyOf: (name: string) => PackagePolicy | undefined, breach: Report): number {
  const { dependencies, optionalDependencies, devDependencies } = tree.readJson<PackageJson>('package.json') ?? {};
  let examined = 0;
  for (const { from, place, import: each, target } of tree.edges) {
    if (target.kind !== 'package') continue;
    examined++;
    const { name } = target;
    const report = (what: string, instead: string) =>
      breach({
        file: from.path,
        line: from.lineAt(each.at),
        what: `${what} (${each.kind})`,
        instead,
        involves: ['package.json'],
      });
    const policy = policyOf(name);
    const runs = dependencies?.[name] !== undefined || optionalDependencies?.[name] !== undefined;
    if (!runs && devDependencies?.[name] === undefined) {
      report(`imports ${name}, which package.json does not have`, 'Install it, once an ADR says why.');
    } else if (policy && !policy.allows(from.path)) {
      const role = place.part === 'module' ? place.role : place.part;
      report(
        `${role === 'outside' ? from.path.split('/')[0] : role} imports ${name}`,
        `${policy.adr} has it imported by ${policy.importedBy}: use what is there, or put a port before it.`,
      );
    } else if (!runs && !each.typeOnly && isShipped(from.path)) {
      report(`imports ${name}, which is only there in development`, 'Move it to "dependencies", or do without it.');
    }
  }
  return examined;
}

/** Part of the program, and not only of its tests. */
function isShipped(path: string): boolean {
  const place = placeOf(path);
  return !isForTests(path) && place.part !== 'outside' && !(place.part === 'module' && place.role === 'testing');
}
