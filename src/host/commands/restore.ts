/** `restore FILE`: a backup in the place of a database that is not there. */
import { resolve } from 'node:path';
import { readConfiguration } from '../configuration.ts';
import { checkEmbedded } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules } from '../modules.ts';
import { restoreBackup } from '../postgres/restored.ts';
import { topologyOf, type CommandLine } from '../stored-data.ts';

/** A backup holds the databases of a topology as well, so that its file is only checked. */
export async function restore({ environment, topology }: CommandLine, name: string, json: boolean): Promise<number> {
  const configuration = readConfiguration(environment);
  const modules = await findModules();
  if (topology !== undefined) await topologyOf(topology, configuration, modules, environment);
  checkEmbedded(configuration, environment, modules);
  const [file, dataDir] = [resolve(name), resolve(configuration.dataDir)];
  const facts = await restoreBackup(file, dataDir, say);
  console.log(json ? JSON.stringify({ file, dataDir, ...facts }) : `${dataDir} holds what was stored by ${facts.time}.`);
  return 0;
}
