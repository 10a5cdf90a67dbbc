/** `check-times`: finds moments that were written on a database whose time zone was not UTC, before that was withstood. */
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Opened } from '../opened.ts';
import { reach } from '../postgres/reach.ts';
import { shiftedMoments, type ShiftedMoments } from '../postgres/shifted-moments.ts';
import { findStoredData, type CommandLine } from '../stored-data.ts';

/** Resolves with 1 where something was found. */
export async function checkTimes(line: CommandLine, json: boolean): Promise<number> {
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const found: ShiftedMoments[] = [];
    for (const { module, connection, variable } of await findStoredData(line, opened)) {
      const client = await reach(connection, variable);
      found.push(...(await shiftedMoments(client, module).finally(() => client.end())));
    }
    if (json) console.log(JSON.stringify(found));
    else for (const each of found) console.log(inWords(each));
    if (!json && found.length === 0) console.log('Every moment that can be compared with the id beside it agrees with it.');
    return found.length === 0 ? 0 : 1;
  } finally {
    await opened.closeAll();
  }
}

const inWords = ({ column, shifted, rows, minutes, first, last }: ShiftedMoments) =>
  `${column}: ${shifted} of ${rows} rows are ${hours(Math.abs(minutes))} ${minutes > 0 ? 'late' : 'early'}, made from ${first.toISOString()} to ${last.toISOString()}`;

const hours = (minutes: number) => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')} h`;
