/** `events list`: the deliveries that were given up, in the databases of the modules that gave them up. */
import { styleText } from 'node:util';
import type { DeadLetter } from '#runtime/events/dead-letters.ts';
import type { Command } from '../command.ts';
import { withDeadLetters, type DeadLettersByModule } from '../dead-letters.ts';
import { print } from '../print.ts';

const pageSize = 500;

export const command: Command = {
  summary: 'list the dead letters',
  description: `
Lists the dead letters, a line each: deliveries whose last try failed. "events show" prints one with its event and its error,
"events replay" delivers it once more. The program may be running meanwhile.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: 'an array of {subscription, eventId, receivedAt, attempts, error}',
  run: (line) => withDeadLetters(line, (all) => list(all, line.json)),
};

async function list(all: DeadLettersByModule, json = false): Promise<number> {
  let count = 0;
  for await (const { subscription, eventId, receivedAt, attempts, error } of everyLetter(all)) {
    if (json)
      print(`${count === 0 ? '[' : ','}\n${JSON.stringify({ subscription, eventId, receivedAt, attempts, error })}`);
    else
      print(
        `${styleText('bold', subscription)} ${eventId}  ${receivedAt.toISOString()}  ${attempts} tries  ${error.split('\n', 1)[0]!}\n`,
      );
    count++;
  }
  if (json) print(count === 0 ? '[]\n' : '\n]\n');
  else if (count === 0) print('No delivery was given up.\n');
  return 0;
}

/** Page by page: a module may have given up more than fits in memory. */
async function* everyLetter(all: DeadLettersByModule): AsyncGenerator<DeadLetter> {
  for (const letters of all.values()) {
    let page: readonly DeadLetter[] = [];
    do yield* (page = await letters.list({ limit: pageSize, ...(page.length > 0 && { after: page.at(-1)! }) }));
    while (page.length === pageSize);
  }
}
