import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { readAliases, type Aliases } from './aliases.ts';
import { isGenerated, placeOf, type Place } from './places.ts';
import { resolve, type Target } from './resolve.ts';
import { CannotCheck } from './cannot-check.ts';
import { SourceFile } from './source-file.ts';

/**
 * Folders that tools bring in or write, and the trees that break the rules on purpose. No more than that: a folder that is
 * skipped is a place to hide in.
 */
const ignored = /(^|\/)node_modules$|^(dist|data|coverage|\.[^/]+)$|^architecture-tests\/violations$/;
const scripts = /\.[cm]?[jt]sx?$/;

/** One file names another, or a package. */
export interface Edge {
  readonly from: SourceFile;
  readonly place: Place;
  readonly import: SourceFile['imports'][number];
  readonly target: Target;
  /** Where the target lies, when it is a file. */
  readonly to: Place | undefined;
}

/** These name a file without depending on what is in it. */
const noDependency = new Set(['file URL', 'mocked import', 'import.meta.resolve', 'module augmentation']);

export const isDependency = (edge: Edge): boolean => !noDependency.has(edge.import.kind);

export interface SourceTree {
  /** Every file of the checkout, whatever it holds. */
  readonly paths: ReadonlySet<string>;
  /** The folders directly in modules/, and those directly in each of them. */
  readonly folders: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, SourceFile>;
  readonly edges: readonly Edge[];
  readonly edgesByFile: ReadonlyMap<string, readonly Edge[]>;
  /** Links to other files, which are imports of their own kind. */
  readonly links: ReadonlyMap<string, string>;
  /** Tells of any path in the checkout, also of one that no rule looks at. */
  has(path: string): boolean;
  read(path: string): string;
  readJson<T>(path: string): T | undefined;
}

/** Reads and parses a checkout. `wantsTree` says in which files some rule looks past the imports. */
export function readSourceTree(root: string, wantsTree: (path: string, text: string) => boolean): SourceTree {
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) throw new CannotCheck(`${root} is not a folder.`);
  const realRoot = realpathSync(root);
  const { paths, folders, links } = list(realRoot);
  const has = (path: string) => existsSync(join(realRoot, path));
  const read = (path: string) => readFileSync(join(realRoot, path), 'utf8');
  const readJson = <T>(path: string): T | undefined =>
    paths.has(path) ? (parseJson(path, read(path)) as T) : undefined;

  const sources = new Map<string, SourceFile>();
  for (const path of paths) {
    if (!scripts.test(path) || links.has(path)) continue;
    const text = read(path);
    sources.set(path, new SourceFile(path, text, wantsTree(path, text)));
  }
  if (sources.size === 0) throw new CannotCheck(`There is no TypeScript or JavaScript file in ${root}.`);

  const edges: Edge[] = [];
  const edgesByFile = new Map<string, readonly Edge[]>();
  const aliases = aliasesOf(realRoot, paths, readJson);
  for (const source of sources.values()) {
    const own = edgesOf(source, paths, aliases);
    edges.push(...own);
    edgesByFile.set(source.path, own);
  }
  return { paths, folders, sources, edges, edgesByFile, links, has, read, readJson };
}

function edgesOf(from: SourceFile, paths: ReadonlySet<string>, aliases: Aliases): readonly Edge[] {
  const place = placeOf(from.path);
  return from.imports.map((each) => {
    const target: Target =
      each.specifier === undefined ? { kind: 'unknown' } : resolve(from.path, each.specifier, paths, aliases);
    return { from, place, import: each, target, to: target.kind === 'file' ? placeOf(target.path) : undefined };
  });
}

function aliasesOf(root: string, paths: ReadonlySet<string>, readJson: SourceTree['readJson']): Aliases {
  const packageJsons = [...paths].filter((path) => posix.basename(path) === 'package.json');
  return readAliases(
    root,
    new Map(packageJsons.map((path) => [posix.dirname(path), readJson(path) ?? {}])),
    readJson('tsconfig.json'),
  );
}

function list(root: string): { paths: Set<string>; folders: Set<string>; links: Map<string, string> } {
  const paths = new Set<string>();
  const folders = new Set<string>();
  const links = new Map<string, string>();
  const enter = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = posix.join(folder, entry.name);
      if (ignored.test(path)) continue;
      if (entry.isSymbolicLink()) {
        const target = statSync(join(root, path), { throwIfNoEntry: false });
        if (!target) throw new CannotCheck(`${path} is a link that leads nowhere.`);
        links.set(
          path,
          relative(root, realpathSync(join(root, path)))
            .split(sep)
            .join('/'),
        );
        if (target.isFile()) paths.add(path);
      } else if (entry.isDirectory()) {
        folders.add(path);
        if (!isGenerated(path)) enter(path);
      } else if (entry.isFile()) {
        paths.add(path);
      }
    }
  };
  enter('');
  return { paths, folders, links };
}

/** Comments and trailing commas are allowed, as in tsconfig.json. */
function parseJson(path: string, text: string): unknown {
  const withoutComments = text.replace(/("(?:\\.|[^"\\])*")|\/\*[^]*?\*\/|\/\/[^\n]*/g, keepStrings);
  const plain = withoutComments.replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, keepStrings);
  try {
    return JSON.parse(plain);
  } catch (error) {
    throw new CannotCheck(`${path} is not JSON: ${(error as Error).message}`);
  }
}

const keepStrings = (_: string, string: string | undefined): string => string ?? '';
