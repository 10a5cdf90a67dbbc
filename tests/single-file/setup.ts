/** Builds the program as one file; or takes the one that FISSILE_FILE names. */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    builtFile: string;
  }
}

export default function setup(project: TestProject): void {
  const root = join(import.meta.dirname, '../..');
  const given = process.env.FISSILE_FILE;
  if (!given) execFileSync(process.execPath, [join(root, 'build/main.ts')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  project.provide('builtFile', resolve(root, given || 'dist/fissile'));
}
