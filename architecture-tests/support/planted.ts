/**
 * The planted breaches: `violations/<rule>/<case>/` holds what differs from `violations/clean/`, and `expected.json`
 * what the check must say of it.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import type { Finding } from '../check/rule.ts';

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
    const { without = [], links = {}, ...found } = JSON.parse(readFileSync(join(folder, name, 'expected.json'), 'utf8')) as {
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

/** A whole checkout with the breach in it, gone when `use` is done. */
export async function withPlanted<T>(planted: Pick<PlantedCase, 'folder' | 'without' | 'links'> | undefined, use: (root: string) => Promise<T>): Promise<T> {
  const root = mkdtempSync(join(tmpdir(), 'fissile-planted-'));
  try {
    // Much cheaper than to have the file system copy them one by one, a hundred times over.
    const files = new Map([...filesIn(cleanTree), ...(planted ? filesIn(planted.folder) : [])]);
    for (const path of ['expected.json', ...(planted?.without ?? [])]) files.delete(path);
    for (const folder of new Set([...files.keys()].map((path) => dirname(path)))) mkdirSync(join(root, folder), { recursive: true });
    for (const [path, content] of files) writeFileSync(join(root, path), content);
    for (const [path, target] of Object.entries(planted?.links ?? {})) symlinkSync(target, join(root, path));
    symlinkSync(nodeModules, join(root, 'node_modules'));
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const read = new Map<string, ReadonlyMap<string, Buffer>>();

/** By path from the folder; read once. */
function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  let files = read.get(folder);
  if (!files) {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    files = new Map(entries.map(({ parentPath, name }) => [relative(folder, join(parentPath, name)), readFileSync(join(parentPath, name))]));
    read.set(folder, files);
  }
  return files;
}
