import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { ClockWatch } from './clock-watch.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await libraryDatabase();
});
afterAll(() => test.drop());

const hour = 3_600_000;

function watching(setTo: { ahead: number }) {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (line: string) => void warnings.push(line) };
  const clock = { now: () => new Date(Date.now() + setTo.ahead) };
  return { warnings, watch: new ClockWatch(test.database, 'library', logger, clock) };
}

describe('the clock of a machine', () => {
  it.each([
    ['an hour ahead of', hour],
    ['an hour behind', -hour],
  ])('%s that of the database is told', async (_, ahead) => {
    const { watch } = watching({ ahead });
    expect(watch.ahead).toBeUndefined();
    await watch.start();
    watch.stop();
    expect(Math.abs(watch.ahead! - ahead / 1_000)).toBeLessThan(60);
  });

  it('is warned of once, until it is right again', async () => {
    const setTo = { ahead: -hour };
    const { watch, warnings } = watching(setTo);
    for (const ahead of [-hour, -hour, 0, hour]) {
      setTo.ahead = ahead;
      await watch.look();
    }
    expect(warnings).toEqual([
      expect.stringMatching(
        /^The clock of this machine is 3\d{3} s behind that of the database of library\. Synchronize both, such as with NTP\.$/,
      ),
      expect.stringMatching(/^The clock of this machine is 3\d{3} s ahead of that of the database of library\./),
    ]);
  });

  it('stays as it was known while the database is away', async () => {
    const away = await libraryDatabase();
    const watch = new ClockWatch(away.database, 'library', silentLogger, { now: () => new Date(Date.now() + hour) });
    await watch.look();
    const known = watch.ahead;
    await away.drop();
    await watch.look();
    expect(watch.ahead).toBe(known);
  });
});
