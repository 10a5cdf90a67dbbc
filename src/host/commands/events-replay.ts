/** `events replay`: has a delivery that was given up tried once more. */
import type { Command } from '../command.ts';
import { withDeadLetter } from '../dead-letters.ts';

export const command: Command = {
  takes: ['SUBSCRIPTION', 'EVENT'],
  summary: 'deliver a dead letter once more',
  description: 'Has a delivery that was given up tried once more. The program may be running meanwhile.',
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: '{"subscription", "eventId"}: what is delivered once more',
  exitCodes: { 1: 'there is no such delivery or the database is away' },
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
