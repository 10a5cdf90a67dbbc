/**
 * The planted breaches: `violations/<rule>/<case>/` holds what differs from `violations/clean/`, and `expected.json`
 * what the check must say of it.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    cpSync(cleanTree, root, { recursive: true });
    for (const path of planted?.without ?? []) rmSync(join(root, path));
    if (planted) cpSync(planted.folder, root, { recursive: true });
    for (const [path, target] of Object.entries(planted?.links ?? {})) symlinkSync(target, join(root, path));
    rmSync(join(root, 'expected.json'), { force: true });
    if (!existsSync(join(root, 'node_modules'))) symlinkSync(nodeModules, join(root, 'node_modules'));
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
