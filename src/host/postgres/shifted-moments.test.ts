import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { shiftedMoments } from './shifted-moments.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await libraryDatabase();
  await test.sql(
    'CREATE TABLE library.reminders (id uuid PRIMARY KEY, text text, created_at timestamptz(3) NOT NULL, remind_at timestamptz NOT NULL)',
  );
});
afterAll(() => test.drop());

/** As version 0.1.0 did through Prisma: the time in UTC, without saying so. */
async function written(zone: string, moments: readonly string[]): Promise<void> {
  const client = await connect(test.connection.database!);
  await client.query(`SET TimeZone TO '${zone}'`);
  for (const moment of moments) {
    const at = new Date(moment);
    const local = at.toISOString().replace('T', ' ').replace('Z', '');
    await client.query('INSERT INTO library.reminders VALUES ($1, $2, $3::timestamptz, $4)', [
      uuid({ msecs: at.getTime() - 800 }),
      zone,
      local,
      new Date(at.getTime() + 3_600_000),
    ]);
  }
  await client.end();
}

async function found() {
  const client = await connect(test.connection.database!);
  return shiftedMoments(client, 'library').finally(() => client.end());
}

describe('moments that were written in a session of another time zone', () => {
  it('are none where the sessions were in UTC', async () => {
    await written('UTC', ['2026-01-15T12:00:00.000Z', '2026-07-15T12:00:00.000Z']);
    expect(await found()).toEqual([]);
  });

  it('are found by the ids beside them, with the time that daylight saving adds', async () => {
    await written('America/New_York', [
      '2026-03-07T12:00:00.000Z',
      '2026-03-09T12:00:00.000Z',
      '2026-03-10T12:00:00.000Z',
    ]);
    await written('Asia/Kathmandu', ['2026-05-01T12:00:00.000Z']);
    const column = 'library.reminders.created_at';
    const at = (moment: string) => new Date(new Date(moment).getTime() - 800);
    expect(await found()).toEqual([
      {
        column,
        minutes: -345,
        shifted: 1,
        rows: 6,
        first: at('2026-05-01T12:00:00.000Z'),
        last: at('2026-05-01T12:00:00.000Z'),
      },
      {
        column,
        minutes: 240,
        shifted: 2,
        rows: 6,
        first: at('2026-03-09T12:00:00.000Z'),
        last: at('2026-03-10T12:00:00.000Z'),
      },
      {
        column,
        minutes: 300,
        shifted: 1,
        rows: 6,
        first: at('2026-03-07T12:00:00.000Z'),
        last: at('2026-03-07T12:00:00.000Z'),
      },
    ]);
  });

  it('are put right as the help says', async () => {
    for (const zone of ['America/New_York', 'Asia/Kathmandu']) {
      await test.sql(
        `UPDATE library.reminders SET created_at = (created_at AT TIME ZONE '${zone}') AT TIME ZONE 'UTC' WHERE text = '${zone}'`,
      );
    }
    expect(await found()).toEqual([]);
    const { rows } = await test.sql(
      "SELECT count(*)::int AS right FROM library.reminders WHERE created_at = remind_at - '1 hour'::interval",
    );
    expect(rows).toEqual([{ right: 6 }]);
  });

  it('are not told of ids without a time, nor of a moment that has nothing to do with a time zone', async () => {
    await test.sql("INSERT INTO library.reminders VALUES (gen_random_uuid(), '', now() - '5 hours'::interval, now())");
    await test.sql('INSERT INTO library.reminders VALUES ($1, $2, $3, now())', [
      uuid({ msecs: 1_700_000_000_000 }),
      '',
      new Date(1_700_000_000_000 + 7_000_000),
    ]);
    expect(await found()).toEqual([]);
  });
});
