import { posix } from 'node:path';

/** The other names a file can go by. */
export class Aliases {
  readonly root: string;
  readonly #exact = new Map<string, readonly string[]>();
  readonly #patterns: { readonly before: string; readonly after: string; readonly targets: readonly string[] }[] = [];

  constructor(root: string) {
    this.root = root;
  }

  /** `name` and each of `targets` may hold one `*`; a target starts with `./` or names a package. */
  add(name: string, targets: readonly string[]): void {
    const [before, after] = name.split('*');
    if (after === undefined) this.#exact.set(name, targets);
    else this.#patterns.push({ before: before as string, after, targets });
    this.#patterns.sort((one, other) => other.before.length - one.before.length);
  }

  of(specifier: string): readonly string[] {
    const exact = this.#exact.get(specifier);
    if (exact) return exact;
    const pattern = this.#patterns.find(
      ({ before, after }) =>
        specifier.startsWith(before) && specifier.endsWith(after) && specifier.length >= before.length + after.length,
    );
    if (!pattern) return [];
    const rest = specifier.slice(pattern.before.length, specifier.length - pattern.after.length);
    return pattern.targets.map((target) => target.replaceAll('*', rest));
  }
}

interface PackageJson {
  readonly name?: string;
  readonly imports?: Readonly<Record<string, unknown>>;
}
interface TsConfig {
  readonly compilerOptions?: {
    readonly baseUrl?: string;
    readonly paths?: Readonly<Record<string, readonly string[]>>;
  };
}

/** From package.json `imports`, tsconfig.json `paths`, and the packages that are folders of this checkout. */
export function readAliases(
  root: string,
  packageJsons: ReadonlyMap<string, PackageJson>,
  tsConfig: TsConfig | undefined,
): Aliases {
  const aliases = new Aliases(root);
  for (const [folder, { name, imports = {} }] of packageJsons) {
    if (folder === '.') {
      for (const [alias, value] of Object.entries(imports)) aliases.add(alias, targetsIn(value));
    }
    if (name !== undefined) {
      aliases.add(name, [`./${folder}`]);
      aliases.add(`${name}/*`, [`./${posix.join(folder, '*')}`]);
    }
  }
  const { baseUrl = '.', paths = {} } = tsConfig?.compilerOptions ?? {};
  for (const [alias, targets] of Object.entries(paths)) {
    aliases.add(
      alias,
      targets.map((target) => `./${posix.join(baseUrl, target)}`),
    );
  }
  return aliases;
}

/** A target can be one path, several to choose from, or one for each condition. */
function targetsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value === null || typeof value !== 'object') return [];
  return Object.values(value).flatMap(targetsIn);
}
