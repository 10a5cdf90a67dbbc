/**
 * The planted breaches: `violations/<rule>/<case>/` holds what differs from `violations/clean/`, and `expected.json`
 * what the check must say of it.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { inject } from 'vitest';
import type { Finding } from '../check/rule.ts';
import './temporary-folder.ts';

const violations = join(import.meta.dirname, '../violations');
const cleanTree = join(violations, 'clean');
const nodeModules = join(import.meta.dirname, '../../node_modules');

export interface PlantedCase {
  /** `through an alias`, from the folder's name. */
  readonly name: string;
  readonly folder: string;
  readonly expected: readonly Pick<Finding, 'rule' | 'file' | 'line' | 'what'>[];
  /** Files of the clean tree that this one lacks. */
  readonly without: readonly string[];
  /** Symbolic links, which not every checkout can hold. */
  readonly links: Readonly<Record<string, string>>;
}

export function plantedCases(rule: string): PlantedCase[] {
  const folder = join(violations, rule);
  return readdirSync(folder).map((name) => {
    const {
      without = [],
      links = {},
      ...found
    } = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as {
      without?: string[];
      links?: Record<string, string>;
      findings: (Omit<Finding, 'rule'> & { rule?: string })[];
    };
    return {
      name: name.replaceAll('-', ' '),
      folder: join(folder, name),
      without,
      links,
      expected: found.findings.map((finding) => ({ rule, ...finding })),
    };
  });
}

type Difference = Pick<PlantedCase, 'folder' | 'without' | 'links'>;

/** The clean tree with the breach in it, until `use` is done. */
export function withPlanted<T>(planted: Difference, use: (root: string) => Promise<T>): Promise<T> {
  const changed = filesIn(planted.folder);
  // A process loads a contract once from each path, so one that differs needs a place of its own.
  const isLoaded = [...changed.keys()].some((path) => /\/contract\.ts$|\/sagas\/|^src\/platform\//.test(path));
  return isLoaded ? withCopy((root) => use(plant(root, planted))) : inPlace(planted, use);
}

/** A checkout of the clean tree to do anything with, gone when `use` is done. */
export async function withCopy<T>(use: (root: string) => Promise<T>): Promise<T> {
  const root = copyOfCleanTree();
  try {
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

let sharedTree: string | undefined;

/** One copy for all that leave it as it was: making and deleting a hundred of them is most of the time otherwise. */
export function sharedCleanTree(): string {
  return (sharedTree ??= copyOfCleanTree());
}

async function inPlace<T>(planted: Difference, use: (root: string) => Promise<T>): Promise<T> {
  const root = plant(sharedCleanTree(), planted);
  try {
    return await use(root);
  } finally {
    const clean = filesIn(cleanTree);
    for (const path of [...filesIn(planted.folder).keys(), ...planted.without, ...Object.keys(planted.links)]) {
      const content = clean.get(path);
      rmSync(join(root, path), { force: true });
      if (content) writeFileSync(join(root, path), content);
      else removeEmptyFolders(root, dirname(path));
    }
  }
}

function plant(root: string, { folder, without, links }: Difference): string {
  write(root, filesIn(folder));
  for (const path of without) rmSync(join(root, path));
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  return root;
}

function copyOfCleanTree(): string {
  const root = mkdtempSync(join(inject('temporaryFolder'), 'checkout-'));
  write(root, filesIn(cleanTree));
  symlinkSync(nodeModules, join(root, 'node_modules'));
  return root;
}

function write(root: string, files: ReadonlyMap<string, Buffer>): void {
  for (const folder of new Set([...files.keys()].map((path) => dirname(path))))
    mkdirSync(join(root, folder), { recursive: true });
  for (const [path, content] of files) writeFileSync(join(root, path), content);
}

function removeEmptyFolders(root: string, folder: string): void {
  if (folder === '.' || readdirSync(join(root, folder)).length > 0) return;
  rmdirSync(join(root, folder));
  removeEmptyFolders(root, dirname(folder));
}

const read = new Map<string, ReadonlyMap<string, Buffer>>();

/** By path from the folder; read once. */
function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  let files = read.get(folder);
  if (!files) {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    files = new Map(
      entries
        .filter(({ name }) => name !== 'expected.json')
        .map(({ parentPath, name }) => [
          relative(folder, join(parentPath, name)),
          readFileSync(join(parentPath, name)),
        ]),
    );
    read.set(folder, files);
  }
  return files;
}
