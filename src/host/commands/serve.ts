/** Starts the program and runs it until somebody stops it. */
import { createLogger, logOutput } from '#runtime/observability/create-logger.ts';
import type { Command } from '../command.ts';
import type { Environment } from '../environment.ts';
import { judgedConfiguration } from '../judge.ts';
import { logCollector } from '../log-collector.ts';
import { greet, say } from '../greeting.ts';
import { startProgram } from '../program.ts';
import { stopSignal } from '../stop-signal.ts';
import { refusalPrefix } from '../topology/refusal.ts';
import { tellSupervisor } from '../topology/supervised.ts';

export const command: Command = {
  summary: 'start the program (the default)',
  description: `
Starts the program and runs it until Ctrl-C or SIGTERM; then it accepts nothing new, finishes what is under way, and stops.
Pending migrations are applied first. Messages for a person go to the standard error, the log to the standard output:
readable at a terminal (in colour unless NO_COLOR is set), JSON lines elsewhere. "settings" lists every variable it reads.`,
  flags: {
    '--topology <FILE>': 'start the processes that the file names, on this machine, and restart those that die',
  },
  settings: ['PORT', 'HOST', 'DATA_DIR', 'DATABASE_URL', 'MODULES'],
  exitCodes: { 0: 'stopped when asked to', 1: 'could not start or could not go on' },
  failure: refusalPrefix,
  run: async ({ environment, topology }) =>
    topology === undefined
      ? serve(environment)
      : (await import('../topology/serve-topology.ts')).serveTopology(environment, topology),
};

/** Milliseconds in which the last lines of the log are sent. */
const lastLines = 2_000;

/** Resolves with the exit code once the program has stopped. */
async function serve(environment: Environment): Promise<number> {
  const configuration = await judgedConfiguration(environment);
  const collector = await logCollector(configuration);
  const output = logOutput(environment, process.stdout.isTTY);
  const logger = createLogger({ level: configuration.logLevel, ...output, also: collector?.add });
  const stopAsked = stopSignal();
  const program = await startProgram({ environment, logger, announce: say });
  const supervised = tellSupervisor({ ready: program.url, management: program.managementUrl });
  if (!supervised) greet(program);

  const failure = await Promise.race([stopAsked, program.failed]);
  if (failure instanceof Error) say(`Stopping: ${failure.message}`);
  else if (!supervised) say('Stopping: finishing what is under way. Press Ctrl-C again to stop at once.');
  await program.stop({ atOnce: failure instanceof Error || process.stdout.isTTY });
  logger.close();
  await collector?.close(lastLines);
  if (failure instanceof Error) return 1;
  if (!supervised) say('Stopped.');
  return 0;
}
