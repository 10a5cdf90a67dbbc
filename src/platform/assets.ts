/**
 * The files that are read while the program runs. All of them are read here and nowhere else, so that a build can
 * put them into the executable. Names are relative to the root of the repository.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const readAsset = (name: string): string => readFileSync(join(root, name), 'utf8');

/** The files in a folder and the folders below it, by their names from there, sorted. */
export const listAssets = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, folder).length + 1).replaceAll('\\', '/'))
    .sort();
