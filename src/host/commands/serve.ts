/** Starts the program and runs it until somebody stops it. */
import { createLogger, logOutput } from '#runtime/observability/create-logger.ts';
import type { Environment } from '../environment.ts';
import { judgedConfiguration } from '../judge.ts';
import { greet, say } from '../greeting.ts';
import { startProgram } from '../program.ts';
import { stopSignal } from '../stop-signal.ts';
import { tellSupervisor } from '../topology/supervised.ts';

/** Resolves with the exit code once the program has stopped. */
export async function serve(environment: Environment): Promise<number> {
  const { logLevel } = await judgedConfiguration(environment);
  const logger = createLogger({ level: logLevel, ...logOutput(environment, process.stdout.isTTY) });
  const stopAsked = stopSignal();
  const program = await startProgram({ environment, logger, announce: say });
  const supervised = tellSupervisor({ ready: program.url, management: program.managementUrl });
  if (!supervised) greet(program);

  const failure = await Promise.race([stopAsked, program.failed]);
  if (failure instanceof Error) say(`Stopping: ${failure.message}`);
  else if (!supervised) say('Stopping: finishing what is under way. Press Ctrl-C again to stop at once.');
  await program.stop({ atOnce: failure instanceof Error || process.stdout.isTTY });
  logger.close();
  if (failure instanceof Error) return 1;
  if (!supervised) say('Stopped.');
  return 0;
}
