/** `restore FILE`: a backup in the place of a database that is not there. */
import { resolve } from 'node:path';
import type { Answer, Command, CommandLine } from '../command.ts';
import { readConfiguration } from '../configuration.ts';
import { checkEmbedded } from '../databases.ts';
import { say } from '../greeting.ts';
import { findModules } from '../modules.ts';
import { restoreBackup } from '../postgres/restored.ts';
import { topologyOf } from '../stored-data.ts';

export const command: Command = {
  takes: ['FILE'],
  summary: 'restore a backup where there is no data',
  description: `
Restores a backup where there is no database yet: on another machine, in another folder, or after the old one has been moved
away. It never replaces one. FILE is checked, and PostgreSQL is started on its data once, before the command succeeds; a
backup of a newer version, or of another PostgreSQL, is refused. Certificates that are there already stay.`,
  flags: { '--topology <FILE>': 'check this topology first' },
  json: '{"file", "dataDir", "version", "postgresql", "time"}: all that was stored before "time", and the versions that wrote it',
  settings: ['DATA_DIR'],
  exitCodes: { 0: 'restored', 1: 'failed and left nothing' },
  failure: 'Not restored:',
  run: (line, file) => restore(line, file!),
};

/** A backup holds the databases of a topology as well, so that its file is only checked. */
async function restore({ environment, topology }: CommandLine, name: string): Promise<Answer> {
  const configuration = readConfiguration(environment);
  const modules = await findModules();
  if (topology !== undefined) await topologyOf(topology, configuration, modules, environment);
  checkEmbedded(configuration, environment, modules);
  const [file, dataDir] = [resolve(name), resolve(configuration.dataDir)];
  const facts = await restoreBackup(file, dataDir, say);
  return { lines: [`${dataDir} holds what was stored by ${facts.time}.`], json: { file, dataDir, ...facts } };
}
