/** Where a backup is put, and where not. Here it is of a server that was stopped. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedServers, postgresIn } from '../../../tests/support/embedded-servers.ts';
import { tracesIn } from '../../../tests/support/traces.ts';
import { writeBackup } from './backup-file.ts';
import { restoreBackup } from './restored.ts';
import { serviceAccount } from './service-account.ts';
import { entriesBelow, type TarEntry } from './tar-entries.ts';

const asRoot = process.getuid?.() === 0;
const account = serviceAccount();
const { newFolder, usedFolder, start } = embeddedServers();

interface Made {
  readonly postgresql?: string;
  /** Done to the data before. */
  readonly harm?: (dataDir: string) => void;
}

async function backup({ postgresql = '18.4', harm = () => {} }: Made = {}): Promise<string> {
  const [dataDir, file] = [usedFolder(), `${newFolder()}.tar.gz`];
  mkdirSync(join(dataDir, 'certificates'));
  writeFileSync(join(dataDir, 'certificates/ca.key'), 'secret');
  harm(dataDir);
  async function* entries(): AsyncGenerator<TarEntry> {
    yield* entriesBelow(dataDir, 'certificates');
    yield* entriesBelow(dataDir, 'postgres');
  }
  const facts = { version: '1.2.3', postgresql, time: new Date().toISOString() };
  await writeBackup(file, { entries: entries(), facts, signal: new AbortController().signal, onProgress: () => {} });
  return file;
}

let made: Promise<string> | undefined;
/** One that nothing is wrong with. */
const good = () => (made ??= backup());
const silent = () => {};

describe('restoring', () => {
  it('puts the database and the certificates into a new folder, where the program goes on with them', async () => {
    const [file, dataDir] = [await good(), newFolder()];
    const said: string[] = [];
    expect(await restoreBackup(file, dataDir, (line) => said.push(line))).toMatchObject({
      version: '1.2.3',
      postgresql: '18.4',
    });
    expect(said).toEqual([`Unpacking ${file}.`, 'Starting PostgreSQL on it once, as a check.']);
    expect(readdirSync(dataDir).sort()).toEqual(['certificates', 'postgres', 'postgres.log']);
    expect(readFileSync(join(dataDir, 'certificates/ca.key'), 'utf8')).toBe('secret');
    const { admin } = await start(dataDir);
    expect((await admin.query('SELECT current_database() AS name')).rows).toEqual([{ name: 'fissile' }]);
  });

  it('leaves certificates that are there', async () => {
    const [file, dataDir] = [await good(), newFolder()];
    mkdirSync(join(dataDir, 'certificates'), { recursive: true });
    writeFileSync(join(dataDir, 'certificates/ca.key'), 'newer');
    await restoreBackup(file, dataDir, silent);
    expect(readFileSync(join(dataDir, 'certificates/ca.key'), 'utf8')).toBe('newer');
  });

  it.runIf(asRoot)(
    'as root gives all to whom the data folder belongs, or the database to the user that PostgreSQL runs as',
    async () => {
      const file = await good();
      const [ofAccount, ofRoot] = [newFolder(), newFolder()];
      mkdirSync(ofAccount);
      chownSync(ofAccount, 65_534, 65_534);
      await restoreBackup(file, ofAccount, silent);
      await restoreBackup(file, ofRoot, silent);
      for (const name of ['postgres', 'postgres/base', 'postgres/PG_VERSION', 'certificates', 'certificates/ca.key']) {
        expect(statSync(join(ofAccount, name)).uid, name).toBe(65_534);
        expect(statSync(join(ofRoot, name)).uid, name).toBe(name.startsWith('postgres') ? account!.uid : 0);
      }
      await (await start(ofAccount)).stop();
    },
  );
});

describe('restoring refuses in one line, and leaves all as it was,', () => {
  async function refusal(file: string, dataDir = newFolder()): Promise<{ message: string; left: string[] }> {
    const error = await restoreBackup(file, dataDir, silent).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.name).toBe('StartupError');
    expect(error?.message).not.toContain('\n');
    return { message: error!.message, left: existsSync(dataDir) ? readdirSync(dataDir) : [] };
  }

  it('where a database is', async () => {
    const dataDir = usedFolder();
    const before = tracesIn(dataDir);
    const { message } = await refusal(await good(), dataDir);
    expect(message).toMatch(
      /^There is a database in \S+ already\. Stop the program that uses it, and move it away: mv /,
    );
    expect(tracesIn(dataDir)).toEqual(before);
  });

  it('what is not there', async () => {
    expect(await refusal('/nowhere/backup.tar.gz')).toEqual({
      message: 'There is no file /nowhere/backup.tar.gz.',
      left: [],
    });
  });

  it('what another PostgreSQL wrote', async () => {
    const file = await backup({ postgresql: '17.2' });
    expect(await refusal(file)).toEqual({
      message: `${file} was written by PostgreSQL 17, and this is PostgreSQL 18. Restore it with the version of the program that wrote it, 1.2.3.`,
      left: [],
    });
  });

  it('what a newer version has migrated', async () => {
    const harm = (dataDir: string) =>
      writeFileSync(join(postgresIn(dataDir), 'fissile.migrations'), '{"library": ["platform/9999_notes"]}');
    const { message, left } = await refusal(await backup({ harm }));
    expect(message).toMatch(/does not know, platform\/9999_notes: a newer version wrote it/);
    expect(left).toEqual([]);
  });

  it('what PostgreSQL does not start on, whose log tells why', async () => {
    const harm = (dataDir: string) => rmSync(join(postgresIn(dataDir), 'pg_wal'), { recursive: true });
    const { message, left } = await refusal(await backup({ harm }));
    expect(message).toMatch(/^PostgreSQL does not start: .+ See \S+postgres\.log\.$/);
    expect(left).toEqual(['postgres.log']);
  });

  it.runIf(asRoot)('where there is no room', async ({ skip }) => {
    const [file, disk] = [await good(), newFolder()];
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', disk]).status !== 0)
      return skip('no disk can be mounted here');
    try {
      expect(await refusal(file, disk)).toEqual({
        message: `${postgresIn(disk)} cannot be written: no space is left on the disk.`,
        left: [],
      });
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});
