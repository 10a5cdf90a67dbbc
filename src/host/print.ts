import type { Answer } from './command.ts';

/** Writes to the standard output. Ends the program when nobody reads any more, as in `events list | head`: that is no failure. */
export function print(text: string): void {
  if (process.stdout.listenerCount('error', stopWhenNobodyReads) === 0) process.stdout.on('error', stopWhenNobodyReads);
  process.stdout.write(text);
}

function stopWhenNobodyReads(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

/** Prints what a command answers; returns the exit code. */
export function printed(answer: Answer | number, asJson = false): number {
  if (typeof answer === 'number') return answer;
  print((asJson ? [JSON.stringify(answer.json)] : answer.lines).map((line) => `${line}\n`).join(''));
  return answer.exitCode ?? 0;
}
