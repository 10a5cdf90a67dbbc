/** `events show`: a delivery that was given up, with its event and its error. */
import type { Command } from '../command.ts';
import { withDeadLetter } from '../dead-letters.ts';

export const command: Command = {
  takes: ['SUBSCRIPTION', 'EVENT'],
  summary: 'show a dead letter with its event and its error',
  description: `
Shows a dead letter with its event and its error, in JSON. SUBSCRIPTION and EVENT are as "events list" prints them. The
program may be running meanwhile.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: 'the same object in one line',
  exitCodes: { 1: 'no such dead letter, or the database cannot be reached' },
  run: (line, subscription, event) =>
    withDeadLetter(line, [subscription!, event!], async (letters) => {
      const found = await letters.get(subscription!, event!);
      return found && { lines: [JSON.stringify(found, null, 2)], json: found };
    }),
};
