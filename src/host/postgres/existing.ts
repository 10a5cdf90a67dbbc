/** The embedded server for a command that works on data that is there, whether the program runs on it or not. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type pg from 'pg';
import type { Opened } from '../opened.ts';
import { StartupError } from '../startup-error.ts';
import { attachToEmbedded } from './attach.ts';
import { startEmbeddedPostgres, type EmbeddedOptions } from './embedded.ts';

/**
 * Connects as superuser to the server that a running program has started; where none runs, starts one until `opened` is
 * closed. Refuses where there is no data, and creates none.
 */
export async function openExistingPostgres(options: EmbeddedOptions, opened: Opened): Promise<pg.Client> {
  const folder = join(resolve(options.dataDir), 'postgres');
  checkPresent(folder);
  const running = await attachToEmbedded(options.dataDir);
  if (running) {
    opened.add('the session', () => running.end());
    return running;
  }
  const { admin, stop } = await startEmbeddedPostgres(options);
  opened.add('the embedded PostgreSQL', stop);
  opened.add('the session', () => admin.end());
  return admin;
}

function checkPresent(folder: string): void {
  try {
    if (statSync(folder, { throwIfNoEntry: false })) return;
  } catch (error) {
    throw new StartupError(
      `${folder} cannot be read: ${(error as Error).message}. Run this as the user that runs the program.`,
      { cause: error },
    );
  }
  throw new StartupError(`There is no database in ${folder}. Say with DATA_DIR where it is.`);
}
