/** `check-times`: finds moments that were written on a database whose time zone was not UTC, before that was withstood. */
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { Opened } from '../opened.ts';
import { reach } from '../postgres/reach.ts';
import { shiftedMoments, type ShiftedMoments } from '../postgres/shifted-moments.ts';
import { findStoredData } from '../stored-data.ts';

export const command: Command = {
  summary: 'find times that version 0.1.0 stored shifted',
  description: `
Finds moments that version 0.1.0 stored shifted: written through Prisma, while the database's time zone was not UTC. Ids carry
the time at which they were made, so the creation time of each row is compared with its id, and a line is printed for each
column and shift that only a time zone explains. Nothing is changed, and the program may be running meanwhile. To correct a
column, in the rows that were created then, use

  SET created_at = (created_at AT TIME ZONE 'America/New_York') AT TIME ZONE 'UTC'

with the time zone that the database had. The changelog names the other columns that are shifted alike.`,
  flags: { '--topology <FILE>': 'in the databases of this topology' },
  json: 'an array of {column, shifted, rows, minutes, first, last}',
  exitCodes: { 0: 'none found', 1: 'some found, or failed' },
  run: checkTimes,
};

async function checkTimes(line: CommandLine): Promise<Answer> {
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const found: ShiftedMoments[] = [];
    for (const { module, connection, variable } of await findStoredData(line, opened)) {
      const client = await reach(connection, variable);
      found.push(...(await shiftedMoments(client, module).finally(() => client.end())));
    }
    if (found.length > 0) return { lines: found.map(inWords), json: found, exitCode: 1 };
    return { lines: ['Every moment that can be compared agrees with its id.'], json: found };
  } finally {
    await opened.closeAll();
  }
}

const inWords = ({ column, shifted, rows, minutes, first, last }: ShiftedMoments) =>
  `${column}: ${shifted} of ${rows} rows are ${hours(Math.abs(minutes))} ${minutes > 0 ? 'late' : 'early'}, made from ${first.toISOString()} to ${last.toISOString()}`;

const hours = (minutes: number) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
