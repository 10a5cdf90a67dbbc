import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkPlace, readBackup, writeBackup } from './backup-file.ts';
import { entriesBelow, fileEntry, type TarEntry } from './tar-entries.ts';

const asRoot = process.getuid?.() === 0;
const facts = { version: '1.2.3', postgresql: '18.4', time: '2026-11-22T12:00:00.000Z' };
let folder: string;
let data: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-backup-'));
  [data, file] = [join(folder, 'data'), join(folder, 'backup.tar.gz')];
  mkdirSync(join(data, 'postgres/base'), { recursive: true });
  writeFileSync(join(data, 'postgres/PG_VERSION'), '18\n', { mode: 0o644 });
  writeFileSync(join(data, 'postgres/base/1'), Buffer.alloc(1_000_001, 'page'));
  writeFileSync(join(data, 'postgres/base/empty'), '');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Made {
  readonly entries?: AsyncIterable<TarEntry>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number) => void;
}
const make = ({
  entries = entriesBelow(data, 'postgres'),
  signal = new AbortController().signal,
  onProgress = () => {},
}: Made = {}) => writeBackup(file, { entries, facts, signal, onProgress });
async function* these(...entries: (TarEntry | undefined)[]): AsyncGenerator<TarEntry> {
  for (const entry of entries) if (entry) yield entry;
}

function unpacked(): string {
  const target = join(folder, 'target');
  mkdirSync(target);
  expect(readBackup(file, target, undefined)).toEqual(facts);
  return target;
}

describe('a backup', () => {
  it('gives back what went in, for its owner only', async () => {
    const size = await make();
    expect(statSync(file)).toMatchObject({ size, mode: 0o100600 });
    const target = unpacked();
    for (const name of ['PG_VERSION', 'base/1', 'base/empty']) {
      expect(
        readFileSync(join(target, 'postgres', name)).equals(readFileSync(join(data, 'postgres', name))),
        name,
      ).toBe(true);
      expect(statSync(join(target, 'postgres', name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(target, 'postgres')).mode & 0o777).toBe(0o700);
  });

  it('can be looked into with tar', async () => {
    await make();
    const names = execFileSync('tar', ['-tzf', file], { encoding: 'utf8' }).trim().split('\n');
    expect(names.sort()).toEqual([
      'fissile-backup.json',
      'postgres/',
      'postgres/PG_VERSION',
      'postgres/base/',
      'postgres/base/1',
      'postgres/base/empty',
    ]);
  });

  it('takes of a file that changes as much as there was, with zeroes for what is cut off, and leaves out what vanished', async () => {
    const [shrinking, growing] = ['postgres/base/1', 'postgres/PG_VERSION'];
    const entries = these(
      await fileEntry(data, shrinking),
      await fileEntry(data, growing),
      await fileEntry(data, 'postgres/gone'),
    );
    truncateSync(join(data, shrinking), 500_000);
    appendFileSync(join(data, growing), 'more');
    await make({ entries });
    const target = unpacked();
    const shrunk = readFileSync(join(target, shrinking));
    expect(shrunk.equals(Buffer.concat([Buffer.alloc(500_000, 'page'), Buffer.alloc(500_001)]))).toBe(true);
    expect(readFileSync(join(target, growing), 'utf8')).toBe('18\n');
    expect(existsSync(join(target, 'postgres/gone'))).toBe(false);
  });

  it('has no name until it is complete', async () => {
    const seen = new Set<string>();
    await make({ onProgress: () => readdirSync(folder).forEach((name) => seen.add(name)) });
    expect(seen).toEqual(new Set(['data', `backup.tar.gz.${process.pid}.unfinished`]));
    expect(readdirSync(folder).sort()).toEqual(['backup.tar.gz', 'data']);
  });

  it('is never written over, and wants a folder', () => {
    writeFileSync(file, 'the last one');
    expect(() => checkPlace(file)).toThrow(
      `${file} exists already, and is never overwritten. Choose another name, or remove it.`,
    );
    expect(() => checkPlace(join(folder, 'no/backup'))).toThrow(`There is no folder ${join(folder, 'no')} for it.`);
  });

  it('that is stopped, or that fails, leaves nothing', async () => {
    const stopping = new AbortController();
    const stopped = make({ signal: stopping.signal, onProgress: () => stopping.abort() });
    await expect(stopped).rejects.toThrow(/^It was stopped before it was complete\.$/);
    expect(readdirSync(folder)).toEqual(['data']);
    async function* failing(): AsyncGenerator<TarEntry> {
      yield* entriesBelow(data, 'postgres');
      throw new Error('The disk cannot be read.');
    }
    await expect(make({ entries: failing() })).rejects.toThrow('The disk cannot be read.');
    expect(readdirSync(folder)).toEqual(['data']);
  });

  it('clears away what one to the same name left that was killed, and not what another is at', async () => {
    const { pid: gone } = spawnSync('true');
    for (const pid of [gone, process.ppid]) writeFileSync(`${file}.${pid}.unfinished`, 'half');
    await make();
    expect(readdirSync(folder).sort()).toEqual([
      'backup.tar.gz',
      `${basename(file)}.${process.ppid}.unfinished`,
      'data',
    ]);
  });

  it.runIf(asRoot)('says when there is no room, and leaves nothing', async ({ skip }) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0)
      return skip('no disk can be mounted here');
    try {
      execFileSync('dd', ['if=/dev/urandom', `of=${join(data, 'postgres/base/2')}`, 'bs=1M', 'count=1', 'status=none']);
      file = join(disk, 'backup.tar.gz');
      await expect(make()).rejects.toThrow(`${file} cannot be written: no space is left on the disk.`);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('what is no whole backup is refused in one line', () => {
  const refused = () => {
    const target = join(folder, 'target');
    mkdirSync(target);
    return () => readBackup(file, target, undefined);
  };
  const damaged = /^\S+backup\.tar\.gz is damaged, or is not a backup: [^\n]+\. Use another one\.$/;

  it.each([
    ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 20)],
    ['cut off early', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['damaged in the middle', (bytes: Buffer) => bytes.fill('X', 600, 604)],
    ['empty', () => Buffer.alloc(0)],
    ['something else', () => Buffer.from('Dear diary\n'.repeat(500))],
  ])('when it is %s', async (_what, harm) => {
    await make();
    writeFileSync(file, harm(readFileSync(file)));
    expect(refused()).toThrow(damaged);
  });

  it('when it is an archive without the end, or of something else', () => {
    execFileSync('tar', ['-czf', file, '-C', data, 'postgres']);
    expect(refused()).toThrow(`${file} is not a complete backup. Use another one.`);
    execFileSync('tar', ['-czf', file, '-C', folder, 'data']);
    expect(() => readBackup(file, join(folder, 'target'), undefined)).toThrow(
      /data\/? does not belong in it\. Use another one\.$/,
    );
  });

  it.each([
    [
      'a name above the folder',
      ['--transform', 's,^data/postgres/PG_VERSION,postgres/../../evil,', 'data/postgres/PG_VERSION'],
    ],
    ['an absolute name', ['--transform', 's,^data/postgres/PG_VERSION,/tmp/fissile-evil,', 'data/postgres/PG_VERSION']],
    ['a link', ['--transform', 's,^data/,,', 'data/postgres/link']],
    ['a second name of a file', ['--transform', 's,^data/,,', 'data/postgres/PG_VERSION', 'data/postgres/again']],
  ])('when it has %s', (_what, args) => {
    symlinkSync('/etc', join(data, 'postgres/link'));
    execFileSync('ln', [join(data, 'postgres/PG_VERSION'), join(data, 'postgres/again')]);
    execFileSync('tar', ['-czPf', file, '-C', folder, ...args]);
    expect(refused()).toThrow(damaged);
    expect(
      existsSync('/tmp/fissile-evil') ||
        existsSync(join(folder, 'evil')) ||
        existsSync(join(folder, 'target/postgres/link')),
    ).toBe(false);
  });

  it.runIf(!asRoot)('when this user may not read it', async () => {
    await make();
    chmodSync(file, 0);
    expect(refused()).toThrow(`${file} cannot be read: `);
  });
});
