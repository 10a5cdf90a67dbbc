/** `events replay`: has a delivery that was given up tried once more. */
import type { Command } from '../command.ts';
import { withDeadLetter } from '../dead-letters.ts';

export const command: Command = {
  takes: ['SUBSCRIPTION', 'EVENT'],
  summary: 'deliver a dead letter once more',
  description: `
Delivers a dead letter once more. SUBSCRIPTION and EVENT are as "events list" prints them. The program may be running
meanwhile.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: '{"subscription", "eventId"}: the dead letter',
  exitCodes: { 1: 'no such dead letter, or the database cannot be reached' },
  run: (line, subscription, eventId) =>
    withDeadLetter(line, [subscription!, eventId!], async (letters) =>
      (await letters.replay(subscription!, eventId!))
        ? {
            lines: ['It is delivered once more as soon as the program runs, within a second if it runs now.'],
            json: { subscription, eventId },
          }
        : undefined,
    ),
};
