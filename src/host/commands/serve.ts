/** Starts the program and runs it until somebody stops it. */
import { styleText } from 'node:util';
import { createLogger, logOutput } from '#platform/observability/create-logger.ts';
import type { Environment } from '../configuration.ts';
import { readConfiguration } from '../configuration.ts';
import { startProgram, type Program } from '../program.ts';

/** What a person should read goes here; the log goes to the standard output. */
const say = (line: string) => void process.stderr.write(`${line}\n`);
const bold = (text: string) => styleText('bold', text, { stream: process.stderr });

/** Resolves with the exit code once the program has stopped. */
export async function serve(environment: Environment): Promise<number> {
  const { logLevel } = readConfiguration(environment);
  const logger = createLogger({ level: logLevel, ...logOutput(environment, process.stdout.isTTY) });
  const stopAsked = stopSignal();
  const program = await startProgram({ environment, logger, announce: say });
  greet(program);

  const failure = await Promise.race([stopAsked, program.failed]);
  if (failure instanceof Error) say(`Stopping: ${failure.message}`);
  else say('Stopping: finishing what is under way. Press Ctrl-C again to stop at once.');
  await program.stop();
  logger.close();
  if (failure instanceof Error) return 1;
  say('Stopped.');
  return 0;
}

function greet({ url, dataLocation }: Program): void {
  say('');
  say(bold(`Fissile is ready after ${(process.uptime()).toFixed(1)} s.`));
  say(`  Address  ${url}`);
  say(`  Docs     ${url}/docs`);
  say(`  Data     ${dataLocation}`);
  say('  Stop     Ctrl-C');
  say('');
}

/** The first signal resolves; a second one ends the process on the spot. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve(signal);
      });
    }
  });
}
