// ADR 0050
/**
 * The files that are read while the program runs. All of them are read here and nowhere else, since the program as one
 * file carries them inside itself. Names are relative to the root of the repository.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getAsset, getAssetKeys, getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';

/** Tells whether this is the program as one file. */
export const isOneFile = isSea();

const root = fileURLToPath(new URL('../..', import.meta.url));

export const readAsset = (name: string): string =>
  isOneFile ? getAsset(name, 'utf8') : readFileSync(join(root, name), 'utf8');

/** Not a copy: nothing may be written into it. */
export const readBinaryAsset = (name: string): Uint8Array =>
  isOneFile ? new Uint8Array(getRawAsset(name) as ArrayBuffer) : readFileSync(join(root, name));

/** The files in a folder and the folders below it, by their names from there, sorted. */
export const listAssets = (folder: string): string[] =>
  (isOneFile ? carriedIn(`${folder}/`) : filesIn(join(root, folder))).sort();

const carriedIn = (prefix: string): string[] =>
  getAssetKeys()
    .filter((key) => key.startsWith(prefix))
    .map((key) => key.slice(prefix.length));

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );
