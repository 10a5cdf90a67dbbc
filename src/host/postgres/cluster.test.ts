/** Data that cannot be used, and data that belongs to another user. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedServers, postgresIn } from '../../../tests/support/embedded-servers.ts';
import { binariesFor } from './binaries.ts';
import { canEnter, serviceAccount } from './service-account.ts';

const asRoot = process.getuid?.() === 0;
const account = serviceAccount();
/** Not where the repository lies below /root, or in a private folder. */
const asOtherUser =
  asRoot && [import.meta.dirname, dirname(process.execPath)].every((folder) => canEnter(account!, folder));
const { root, newFolder, usedFolder, start, startProgram } = embeddedServers();

describe('data that cannot be used is refused in one line', () => {
  const refusal = async (dataDir: string) => {
    const error = await start(dataDir).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.name).toBe('StartupError');
    expect(error?.message).not.toContain('\n');
    return error?.message;
  };

  it('where another version of PostgreSQL wrote it', async () => {
    const dataDir = usedFolder();
    writeFileSync(join(postgresIn(dataDir), 'PG_VERSION'), '17\n');
    expect(await refusal(dataDir)).toMatch(/was written by PostgreSQL 17, and this is PostgreSQL 18\./);
  });

  it('where something else lies in its place', async () => {
    const dataDir = newFolder();
    mkdirSync(join(postgresIn(dataDir), 'photos'), { recursive: true });
    expect(await refusal(dataDir)).toContain(`${postgresIn(dataDir)} holds something other`);
  });

  it('where a file has its name', async () => {
    const dataDir = newFolder();
    writeFileSync(dataDir, 'a file');
    expect(await refusal(dataDir)).toBe(
      `${dataDir} cannot be created: a file of that name is in the way. Choose another folder with DATA_DIR, or set DATABASE_URL.`,
    );
  });

  it('where PostgreSQL itself refuses, with its own words', async () => {
    const dataDir = usedFolder();
    writeFileSync(join(postgresIn(dataDir), 'postgresql.conf'), 'no_such_setting = 1\n');
    expect(await refusal(dataDir)).toMatch(
      /^PostgreSQL does not start: .*configuration file .* contains errors\. See .*postgres\.log\.$/,
    );
  });

  it.runIf(asRoot && process.platform === 'linux')('where the disk is full', async ({ skip }) => {
    const disk = newFolder();
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', disk]).status !== 0)
      return skip('no disk can be mounted here');
    const filler = join(disk, 'filler');
    const dataDir = join(disk, 'data');
    try {
      writeFileSync(filler, Buffer.alloc(40_000_000));
      expect(await refusal(dataDir)).toBe(`${postgresIn(dataDir)} cannot be written: no space is left on the disk.`);
      rmSync(filler);
      await (await start(dataDir)).stop();
      expect(() => writeFileSync(filler, Buffer.alloc(60_000_000))).toThrow('no space left');
      expect(await refusal(dataDir)).toMatch(
        /^PostgreSQL does not start: no space is left on the disk\. See .*postgres\.log\.$/,
      );
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it.runIf(asOtherUser)('where the user may not write, or the data is not theirs', async () => {
    const closed = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-closed-'));
    chmodSync(closed, 0o755);
    try {
      const writing = startProgram(join(closed, 'data'), account!);
      expect(await writing.line()).toBe(
        `StartupError: ${join(closed, 'data')} cannot be written: this user may not. Choose another folder with DATA_DIR, or set DATABASE_URL.`,
      );
      mkdirSync(postgresIn(join(closed, 'data')), { recursive: true });
      const taking = startProgram(join(closed, 'data'), account!);
      expect(await taking.line()).toContain('belongs to another user (number 0). Start the program as that user');
    } finally {
      rmSync(closed, { recursive: true });
    }
  });
});

describe.runIf(asRoot)('started as root', () => {
  it('PostgreSQL runs as another user, on data that this user could not get to by itself', async () => {
    const { admin, folder } = await start(usedFolder());
    expect(canEnter(account!, folder)).toBe(false);
    expect(statSync(folder).uid).toBe(account!.uid);
    expect(statSync(join(folder, 'postmaster.pid')).uid).toBe(account!.uid);
    await admin.query('CREATE TABLE big AS SELECT generate_series(1, 10000)');
    await admin.query('CHECKPOINT');
  });

  it.runIf(asOtherUser)('and later as that user, the program goes on with the same data', async () => {
    const open = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-open-'));
    chmodSync(open, 0o755);
    try {
      const asOther = startProgram(join(open, 'data'), account!);
      expect(await asOther.line()).toContain('cannot be written');
      chownSync(open, account!.uid, account!.gid);
      for (const [user, line] of [
        [account, 'started 1'],
        [undefined, 'started 2'],
        [account, 'started 3'],
      ] as const) {
        const program = startProgram(join(open, 'data'), user);
        expect(await program.line()).toBe(line);
        await program.end('SIGTERM');
      }
    } finally {
      rmSync(open, { recursive: true });
    }
  });

  it('programs in a folder closed to that user are copied once, with their links', () => {
    const packaged = { version: '18.0.0-test', folder: join(root, 'native') };
    mkdirSync(join(packaged.folder, 'lib'), { recursive: true });
    writeFileSync(join(packaged.folder, 'lib/libpq.so.5.18'), 'library', { mode: 0o600 });
    chmodSync(join(packaged.folder, 'lib'), 0o700);
    symlinkSync('libpq.so.5.18', join(packaged.folder, 'lib/libpq.so'));
    const shared = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-shared-'));
    const mask = process.umask(0o077);
    try {
      const copy = binariesFor(account, packaged, shared);
      process.umask(mask);
      expect(copy.folder).toBe(join(shared, 'postgresql-18.0.0-test'));
      expect(canEnter(account!, join(copy.folder, 'lib'))).toBe(true);
      expect(statSync(join(copy.folder, 'lib/libpq.so.5.18')).mode & 0o777).toBe(0o644);
      expect(readFileSync(join(copy.folder, 'lib/libpq.so'), 'utf8')).toBe('library');
      const { ino } = statSync(copy.folder);
      expect(statSync(binariesFor(account, packaged, shared).folder).ino).toBe(ino);
      expect(readdirSync(shared)).toEqual(['postgresql-18.0.0-test']);

      chmodSync(copy.folder, 0o777);
      expect(() => binariesFor(account, packaged, shared)).toThrow(
        /can be changed by other users, so PostgreSQL is not run from there\. Remove it/,
      );

      chmodSync(root, 0o755);
      expect(binariesFor(account, packaged, shared)).toBe(packaged);
    } finally {
      process.umask(mask);
      chmodSync(root, 0o700);
      rmSync(shared, { recursive: true });
    }
  });
});
