// ADR 0050
/**
 * Where modules are found: in the folders of `modules/`, so that nobody keeps a list. The program as one file has no
 * folders; the build puts a list that it made of them in the place of this file.
 */
import { readdir } from 'node:fs/promises';

const folder = new URL('../../modules/', import.meta.url);

/** Their names, in order. */
export async function moduleNames(): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Imports a module's `module.ts`. */
export const importModule = (name: string): Promise<unknown> => import(new URL(`${name}/module.ts`, folder).href);
