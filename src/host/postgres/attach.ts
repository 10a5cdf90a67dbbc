import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { StartupError } from '../startup-error.ts';
import { databaseName, passwordIn } from './cluster.ts';
import { postmasterOf } from './postmaster-file.ts';
import { superuser } from './server-process.ts';

/** Connects as superuser to the embedded server that a running program has started; undefined when none runs. */
export async function attachToEmbedded(dataDir: string): Promise<pg.Client | undefined> {
  const folder = join(resolve(dataDir), 'postgres');
  const postmaster = postmasterOf(folder);
  if (!postmaster?.ready || postmaster.host === undefined) return undefined;
  const client = new pg.Client({
    host: postmaster.host,
    port: postmaster.port,
    user: superuser,
    password: passwordOf(folder),
    database: databaseName,
  });
  // It ends with the server; a statement that is under way fails by itself.
  client.on('error', () => {});
  await client.connect().catch((error: Error) => {
    throw new StartupError(`The database in ${folder} cannot be reached: ${error.message}. The program may be stopping: try again.`, { cause: error });
  });
  return client;
}

function passwordOf(folder: string): string {
  try {
    return readFileSync(passwordIn(folder), 'utf8');
  } catch (error) {
    throw new StartupError(`${folder} cannot be read. Run this as the user that runs the program.`, { cause: error });
  }
}
