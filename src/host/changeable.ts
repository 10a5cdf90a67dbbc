import { lstatSync } from 'node:fs';

/**
 * Returns whether another user than root and ourselves could put files of theirs at `path`: it belongs to them, is a
 * symbolic link, or may be written by its group or by everybody. Code from there must not be run.
 */
export function isChangeableByOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const found = lstatSync(path);
  return found.isSymbolicLink() || (found.uid !== 0 && found.uid !== process.getuid?.()) || (found.mode & 0o022) !== 0;
}
