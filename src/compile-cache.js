/**
 * Node's compile cache for what runs from a checkout. What lies in it is run, so it lies in the checkout and not in
 * Node's default, a folder below /tmp that any local user can make first; where others could write, there is none.
 * JavaScript, as a TypeScript file before it would load Node's TypeScript compiler at every start.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../node_modules/.cache/fissile-compiled', import.meta.url));

if (isOurs()) enableCompileCache(folder);

function isOurs() {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    return process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o022) === 0);
  } catch {
    return false;
  }
}
