/** `restore FILE`: a backup in the place of a database that is not there. */
import { resolve } from 'node:path';
import { readConfiguration, type Environment } from '../configuration.ts';
import { checkEmbedded } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules } from '../modules.ts';
import { restoreBackup } from '../postgres/restored.ts';

export async function restore(environment: Environment, name: string, json: boolean): Promise<number> {
  const configuration = readConfiguration(environment);
  checkEmbedded(configuration, environment, await findModules());
  const [file, dataDir] = [resolve(name), resolve(configuration.dataDir)];
  const facts = await restoreBackup(file, dataDir, say);
  console.log(json ? JSON.stringify({ file, dataDir, ...facts }) : `${dataDir} holds what was stored by ${facts.time}.`);
  return 0;
}
