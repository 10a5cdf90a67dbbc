import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packagePolicies } from '../adrs.ts';
import { CannotCheck } from '../cannot-check.ts';
import type { Rule } from '../rule.ts';
import type { System } from '../system.ts';

/**
 * knip knows what uses what. It runs in a process of its own, beside the other rules; what is special here is only
 * that modules are found by their folders, and that an ADR says which packages are used unseen.
 */
export const unused: Rule = {
  id: 'unused',
  title: 'Every file, export and package is used',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'Unused code is still read, maintained and believed.',

  async check(system, breach) {
    const { issues } = await knip(system);
    for (const { file, ...found } of issues) {
      for (const [kind, { what, instead }] of Object.entries(kinds)) {
        for (const { name, line } of found[kind] ?? []) {
          // The file that stopped using it can be any file.
          breach({ file, line: line ?? 1, what: what(name), instead, involves: ['./'] });
        }
      }
    }
    return system.tree.sources.size;
  },
};

const kinds: Readonly<Record<string, { what(name: string): string; instead: string }>> = {
  files: { what: () => 'is used by nothing', instead: 'Delete it.' },
  exports: { what: (name) => `exports ${name}, which no other file uses`, instead: 'Delete it, or the word export.' },
  types: { what: (name) => `exports the type ${name}, which nothing uses`, instead: 'Delete it, or the word export.' },
  duplicates: { what: (name) => `exports the same thing twice: ${name}`, instead: 'Keep one name.' },
  dependencies: {
    what: (name) => `has the package ${name}, which nothing imports`,
    instead: 'Uninstall it. If it is used unseen, say so in the table of packages: imported by nothing.',
  },
  devDependencies: {
    what: (name) => `has the package ${name}, which nothing imports`,
    instead: 'Uninstall it. If it is used unseen, say so in the table of packages: imported by nothing.',
  },
  unlisted: {
    what: (name) => `uses ${name}, which package.json does not have`,
    instead: 'Install it, once an ADR says why.',
  },
};

type Issue = { readonly file: string } & Readonly<
  Record<string, readonly { readonly name: string; readonly line?: number }[]>
>;

async function knip(system: System): Promise<{ issues: readonly Issue[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'fissile-knip-'));
  const config = join(folder, 'knip.json');
  writeFileSync(config, JSON.stringify(configuration(system)));
  const program = join(dirname(createRequire(import.meta.url).resolve('knip')), '../bin/knip.js');
  const args = [
    program,
    '--config',
    config,
    '--no-progress',
    '--no-exit-code',
    '--no-config-hints',
    '--reporter',
    'json',
  ];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      cwd: system.root,
      maxBuffer: 1 << 28,
      timeout: 300_000,
    });
    return JSON.parse(stdout) as { issues: readonly Issue[] };
  } catch (error) {
    throw new CannotCheck(`knip failed: ${(error as Error).message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Entries are what is started or found by its place; scripts of package.json and tests are known to knip. */
function configuration({ tree }: System): object {
  return {
    entry: [
      'src/main.ts',
      'modules/*/{contract,module}.ts',
      'bench/{main,rows/*,peers/*}.ts',
      'build/main.ts',
      'architecture-tests/check/{main,graph}.ts',
      '{tests,modules,src}/**/*.test.ts',
      // Started by their path.
      'tests/**/{setup,*-server,embedded-program,busy-copy}.ts',
      '*.config.ts',
    ],
    project: [
      '{src,modules,tests,bench,build,prisma,architecture-tests}/**/*.ts',
      '!**/generated/**',
      '!architecture-tests/violations/**',
    ],
    ignoreExportsUsedInFile: { interface: true, type: true },
    ignoreDependencies: packagePolicies(tree)
      .filter(({ isUsedUnseen }) => isUsedUnseen)
      .map(({ name }) => (name.endsWith('*') ? `${name.slice(0, -1)}.*` : name)),
    ignoreBinaries: ['.*'],
  };
}
