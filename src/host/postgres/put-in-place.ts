import { existsSync, renameSync, rmSync } from 'node:fs';

/** Another program may have done the same meanwhile: then its result stays. */
export function putInPlace(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '') || !existsSync(folder))
      throw error;
  }
}
