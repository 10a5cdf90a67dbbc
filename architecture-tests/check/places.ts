/**
 * Where a file lies says what it is. A path is always relative to the root of the checkout, with `/`.
 */

/** The folders a module may have, each with its role; the rest are files. */
export const roleFolders = [
  'domain',
  'use-cases',
  'sagas',
  'reactions',
  'http',
  'mails',
  'persistence',
  'providers',
  'security',
  'seeds',
  'testing',
] as const;
export type Role = 'contract' | 'settings' | 'wiring' | 'sites' | (typeof roleFolders)[number];

export interface InModule {
  readonly part: 'module';
  readonly module: string;
  /** Undefined for a file that has no role, which the check refuses to guess about. */
  readonly role: Role | undefined;
}
export interface Elsewhere {
  /** `program` is what lies directly in src/, such as main.ts. */
  readonly part: 'platform' | 'runtime' | 'gateway' | 'host' | 'program' | 'outside';
}
export type Place = InModule | Elsewhere;

export const fileRoles: Readonly<Record<string, Role>> = {
  'contract.ts': 'contract',
  'module.ts': 'wiring',
  'settings.ts': 'settings',
};
const partsOfSource = { platform: 'platform', runtime: 'runtime', gateway: 'gateway', host: 'host' } as const;

const known = new Map<string, Place>();

/** Asked for every end of every import, so answered once for each path. */
export function placeOf(path: string): Place {
  let place = known.get(path);
  if (!place) known.set(path, (place = find(path)));
  return place;
}

function find(path: string): Place {
  const [top, second, third, ...deeper] = path.split('/');
  if (top === 'src') {
    return { part: third === undefined ? 'program' : (partsOfSource[second as 'host'] ?? 'program') };
  }
  if (top !== 'modules' || second === undefined) return { part: 'outside' };
  if (third === undefined) return { part: 'module', module: second, role: undefined };
  const role = deeper.length > 0 ? roleOf(third, deeper) : fileRoles[third];
  // A file beside contract.ts and module.ts tests the module as a whole.
  return {
    part: 'module',
    module: second,
    role: role ?? (deeper.length === 0 && isTest(path) ? 'testing' : undefined),
  };
}

/** A folder in http/ is a site, which may know more than endpoints do. */
const roleOf = (folder: string, deeper: readonly string[]): Role | undefined =>
  folder === 'http' && deeper.length > 1 ? 'sites' : roleFolders.find((name) => name === folder);

export const isTest = (path: string): boolean => /\.(test|spec|test-d)\.[cm]?[jt]sx?$/.test(path);

/** Tests, and in src/ what only tests use. In a module that is the role `testing`. */
export const isForTests = (path: string): boolean => isTest(path) || /^src\/.*\/testing\//.test(path);

/** Written by a tool and not kept in the repository, so nothing is said about its inside. */
export const isGenerated = (path: string): boolean =>
  /^(modules\/[^/]+\/persistence|tests\/support\/library)\/generated(\/|$)/.test(path);
