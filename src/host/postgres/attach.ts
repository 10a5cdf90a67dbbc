import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toolSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { StartupError } from '../startup-error.ts';
import { databaseName, passwordIn } from './cluster.ts';
import { postmasterOf, type Postmaster } from './postmaster-file.ts';
import { superuser } from './server-process.ts';

/** Milliseconds for one that is starting or stopping. */
const patience = 30_000;

/** Connects as superuser to the embedded server that a running program has started; undefined when none runs. */
export async function attachToEmbedded(dataDir: string): Promise<Session | undefined> {
  const folder = join(resolve(dataDir), 'postgres');
  const postmaster = await settled(folder);
  if (!postmaster?.ready || postmaster.host === undefined) return undefined;
  const client = new Session({
    settings: toolSettings,
    host: postmaster.host,
    port: postmaster.port,
    user: superuser,
    password: passwordOf(folder),
    database: databaseName,
  });
  // It ends with the server; a statement that is under way fails by itself.
  client.on('error', () => {});
  await client.connect().catch((error: Error) => {
    throw new StartupError(
      `The database in ${folder} cannot be reached: ${error.message}. The program may be stopping: try again.`,
      { cause: error },
    );
  });
  return client;
}

async function settled(folder: string): Promise<Postmaster | undefined> {
  const deadline = performance.now() + patience;
  for (;;) {
    const found = postmasterOf(folder);
    if (!found || found.ready || performance.now() > deadline) return found;
    await sleep(50);
  }
}

function passwordOf(folder: string): string {
  try {
    return readFileSync(passwordIn(folder), 'utf8');
  } catch (error) {
    throw new StartupError(`${folder} cannot be read. Run this as the user that runs the program.`, { cause: error });
  }
}
