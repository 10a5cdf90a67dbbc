/** `topology FILE`: the same as `serve --topology FILE`. */
import type { Command } from '../command.ts';
import { refusalPrefix } from '../topology/refusal.ts';
import { serveTopology } from '../topology/serve-topology.ts';

export const command: Command = {
  takes: ['FILE'],
  summary: 'start the processes of a topology, on this machine',
  description: `
Starts the processes that FILE names, on this machine, and supervises them: each runs its modules, every module has a
database of its own, and one log names the process of each line. A process that dies is restarted; Ctrl-C stops all. FILE is
yours, or one that comes with the program, such as topologies/split.yaml (each module apart). "serve --topology FILE" does
the same. With DATABASE_URL, its user may need the right to create databases.`,
  settings: ['EVENTS_URL', 'DATA_DIR', 'DATABASE_URL'],
  exitCodes: { 0: 'stopped when asked to', 1: 'could not start or could not go on' },
  failure: refusalPrefix,
  run: ({ environment }, file) => serveTopology(environment, file!),
};
