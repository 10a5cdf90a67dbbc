import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const left = ['node_modules', '.git', 'data', 'dist', '.env'];

/** A copy of this checkout with its installed packages, in which a test may write. Data and builds stay behind. */
export function checkoutCopy(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-checkout-'));
  cpSync(root, path, {
    recursive: true,
    preserveTimestamps: true,
    filter: (from) => from === root || !left.includes(basename(from)),
  });
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}
