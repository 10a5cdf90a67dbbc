import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedServers, postgresIn } from '../../../tests/support/embedded-servers.ts';
import { tracesIn } from '../../../tests/support/traces.ts';
import { checkNotNewer, noteMigrations } from './noted-migrations.ts';

/** Modules of this checkout that have migrations of their own. */
const [one, another] = readdirSync(join(import.meta.dirname, '../../../prisma'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name) as [string, string];
const { usedFolder, start } = embeddedServers();
const noteIn = (dataDir: string) => join(postgresIn(dataDir), 'fissile.migrations');
const noted = (dataDir: string) => JSON.parse(readFileSync(noteIn(dataDir), 'utf8')) as Record<string, string[]>;

describe('what was migrated', () => {
  it('is noted beside the data, by module, and readable to its owner only', async () => {
    const dataDir = usedFolder();
    const server = await start(dataDir);
    server.noteMigrations([one]);
    server.noteMigrations([another]);
    expect(Object.keys(noted(dataDir))).toEqual([one, another]);
    expect(noted(dataDir)[one]).toEqual(
      expect.arrayContaining(['platform/0001_first_tables', expect.stringMatching(/^\d{14}_/)]),
    );
    const [note, folder] = [statSync(noteIn(dataDir)), statSync(postgresIn(dataDir))];
    expect(note.mode & 0o777).toBe(0o600);
    expect(note.uid).toBe(folder.uid);
    expect(() => checkNotNewer(postgresIn(dataDir))).not.toThrow();
  });

  it('is not written again when nothing is new', async () => {
    const dataDir = usedFolder();
    noteMigrations(postgresIn(dataDir), [one]);
    const before = tracesIn(dataDir);
    noteMigrations(postgresIn(dataDir), [one]);
    expect(tracesIn(dataDir)).toEqual(before);
  });

  it('is written over no file that a link in the folder leads to', () => {
    const dataDir = usedFolder();
    const [precious, link] = [join(dataDir, 'precious'), `${noteIn(dataDir)}.${process.pid}.new`];
    writeFileSync(precious, 'precious');
    symlinkSync(precious, link);
    noteMigrations(postgresIn(dataDir), [one]);
    expect(readFileSync(precious, 'utf8')).toBe('precious');
    expect(noted(dataDir)[one]).toContain('platform/0001_first_tables');
  });

  it.each([
    ['a migration of a module', another, '29990101000000_notes'],
    ["one of the platform's tables", another, 'platform/9999_notes'],
    ["one of the platform's tables, in a module that there is no more", 'rockets', 'platform/9999_notes'],
  ])('by a newer version is refused before anything is touched: %s', async (_what, module, newest) => {
    const dataDir = usedFolder();
    noteMigrations(postgresIn(dataDir), [one, another]);
    const newer = { ...noted(dataDir), [module]: [...(noted(dataDir)[module] ?? []), newest] };
    writeFileSync(noteIn(dataDir), JSON.stringify(newer));
    const before = tracesIn(dataDir);
    await expect(start(dataDir)).rejects.toMatchObject({
      name: 'StartupError',
      message: `The database of ${module} has a migration that this program does not know, ${newest}: a newer version wrote it. Start that version.`,
    });
    expect(tracesIn(dataDir)).toEqual(before);
  });

  it.each([
    ['is missing', undefined],
    ['cannot be read', '{"library": ['],
    ["tells of the platform's tables as release 0.1 did", JSON.stringify({ [one]: ['20261122000000_platform'] })],
    ['tells of a module that there is no more', '{"rockets": ["20200101000000_launch"]}'],
  ])('is left to the databases to tell where the note %s', async (_what, text) => {
    const dataDir = usedFolder();
    if (text !== undefined) writeFileSync(noteIn(dataDir), text);
    expect(existsSync(noteIn(dataDir))).toBe(text !== undefined);
    await (await start(dataDir)).stop();
  });
});

it('data of another PostgreSQL is refused before anything is touched', async () => {
  const dataDir = usedFolder();
  writeFileSync(join(postgresIn(dataDir), 'PG_VERSION'), '17\n');
  const before = tracesIn(dataDir);
  await expect(start(dataDir)).rejects.toThrow(/was written by PostgreSQL 17, and this is PostgreSQL 18\./);
  expect(tracesIn(dataDir)).toEqual(before);
});
