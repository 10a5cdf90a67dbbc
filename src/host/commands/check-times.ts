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
Version 0.1.0 stored moments shifted by the offset of the database's time zone, unless that was UTC, where it wrote them
through Prisma. Ids carry the time at which they were made, so the moment of a row's creation is compared with its id; what
differs as time zones do is told, a line for each column and shift. Nothing is changed, and the program may be running
meanwhile. A column is put right, in the rows that were made then, with

  SET created_at = (created_at AT TIME ZONE 'America/New_York') AT TIME ZONE 'UTC'

in which the zone is the one that the database had. The changelog names the other columns that are shifted alike.`,
  flags: { '--topology <FILE>': 'look at what the topology of FILE stored' },
  json: 'an array of {column, shifted, rows, minutes, first, last}',
  exitCodes: { 0: 'nothing was found', 1: 'something was, or it failed' },
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
    return { lines: ['Every moment that can be compared with the id beside it agrees with it.'], json: found };
  } finally {
    await opened.closeAll();
  }
}

const inWords = ({ column, shifted, rows, minutes, first, last }: ShiftedMoments) =>
  `${column}: ${shifted} of ${rows} rows are ${hours(Math.abs(minutes))} ${minutes > 0 ? 'late' : 'early'}, made from ${first.toISOString()} to ${last.toISOString()}`;

const hours = (minutes: number) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
