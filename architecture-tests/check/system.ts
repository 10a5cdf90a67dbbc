/** A checkout, read once and looked at by every rule. */
import { contractFacts, type ContractFact } from './contract-facts.ts';
import { fileRoles, isTest, roleFolders } from './places.ts';
import { CannotCheck } from './cannot-check.ts';
import { readSourceTree, type SourceTree } from './source-tree.ts';
import type { SourceFile } from './source-file.ts';
import { readWiring, type Wiring } from './wiring.ts';

export interface Module {
  readonly name: string;
  readonly contract: SourceFile;
  /** The apis and events it declares, by exported name. */
  readonly facts: ReadonlyMap<string, ContractFact>;
  readonly wiring: Wiring;
}

export interface System {
  readonly root: string;
  readonly tree: SourceTree;
  /** By name, as the folders of modules/ are. Nobody keeps a list. */
  readonly modules: ReadonlyMap<string, Module>;
}

export function readSystem(root: string, wantsTree: (path: string, text: string) => boolean): System {
  const tree = readSourceTree(root, wantsTree);
  const names = [...tree.folders]
    .filter((path) => /^modules\/[^/]+$/.test(path))
    .map((path) => path.slice('modules/'.length));
  if (names.length === 0) throw new CannotCheck(`There is no module: ${root} has no folder in modules/.`);
  refuseUnknownFolders(tree);
  return { root, tree, modules: new Map(names.map((name) => [name, readModule(name, tree)])) };
}

function readModule(name: string, tree: SourceTree): Module {
  const folder = `modules/${name}`;
  const contract = tree.sources.get(`${folder}/contract.ts`);
  const wiringFile = tree.sources.get(`${folder}/module.ts`);
  if (!contract || !wiringFile) {
    throw new CannotCheck(`${folder} is not a module: it has no ${contract ? 'module.ts' : 'contract.ts'}.`);
  }
  const wiring = readWiring(wiringFile, tree.edgesByFile.get(wiringFile.path) ?? []);
  if (!wiring) throw new CannotCheck(`${wiringFile.path} does not call defineModule(name, { ... }).`);
  return { name, contract, facts: contractFacts(contract), wiring };
}

/** Git keeps no empty folder, so one that holds nothing is none. */
function refuseUnknownFolders(tree: SourceTree): void {
  const known: readonly string[] = roleFolders;
  const unknown = new Set<string>();
  for (const path of tree.paths) {
    const [top, module, role, ...deeper] = path.split('/') as [string, string?, string?];
    if (top !== 'modules' || module === undefined) continue;
    if (deeper.length > 0 && !known.includes(role as string)) unknown.add(`modules/${module}/${role}/`);
    const isRoleless = tree.sources.has(path) && deeper.length === 0 && !isTest(path);
    if (isRoleless && !Object.hasOwn(fileRoles, role ?? '')) unknown.add(path);
  }
  if (unknown.size > 0) {
    throw new CannotCheck(
      `No rule says what ${[...unknown].join(' and ')} may do. A module has ${Object.keys(fileRoles).join(', ')} and the folders ${known.join(', ')}.`,
    );
  }
}
