/** Builds the program as one file; or takes the one that FISSILE_FILE names. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    builtFile: string;
  }
}

export default function setup(project: TestProject): () => void {
  const root = join(import.meta.dirname, '../..');
  const given = process.env.FISSILE_FILE;
  if (!given)
    execFileSync(process.execPath, [join(root, 'build/main.ts')], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  // Some tests are another user's, and the repository may lie where only its owner gets to.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-built-'));
  const file = join(folder, 'fissile');
  copyFileSync(resolve(root, given || 'dist/fissile'), file);
  for (const path of [folder, file]) chmodSync(path, 0o755);
  project.provide('builtFile', file);
  return () => rmSync(folder, { recursive: true });
}
