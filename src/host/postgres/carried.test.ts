import { hash } from 'node:crypto';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listIn, pack } from './archive.ts';
import { unpackedIn, type CarriedPostgres } from './carried.ts';

let root: string;
let parent: string;
let carried: CarriedPostgres;
let said: string[];
const unpacked = () => unpackedIn(parent, carried, (line) => said.push(line));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fissile-carried-'));
  parent = join(root, 'data', 'programs');
  said = [];
  const programs = join(root, 'programs');
  mkdirSync(join(programs, 'bin'), { recursive: true });
  mkdirSync(join(programs, 'lib'));
  writeFileSync(join(programs, 'bin/postgres'), '#!/bin/sh\necho "I run"\n', { mode: 0o755 });
  writeFileSync(join(programs, 'lib/libpq.so.5'), 'library');
  writeFileSync(join(programs, 'lib/libpq.a'), 'only for building');
  symlinkSync('libpq.so.5', join(programs, 'lib/libpq.so'));
  const archive = pack(programs, (path) => !path.endsWith('.a'));
  carried = {
    version: '18.4.0',
    sha256: hash('sha256', archive),
    listSha256: hash('sha256', listIn(archive)),
    archive: () => archive,
  };
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the PostgreSQL that the one file carries', () => {
  it('is unpacked once, with its links and its permissions', () => {
    const folder = unpacked();
    expect(folder).toBe(join(parent, `postgresql-18.4.0-${carried.sha256.slice(0, 12)}`));
    expect(execFileSync(join(folder, 'bin/postgres'), { encoding: 'utf8' })).toBe('I run\n');
    expect(readlinkSync(join(folder, 'lib/libpq.so'))).toBe('libpq.so.5');
    expect(readdirSync(join(folder, 'lib'))).toEqual(['libpq.so', 'libpq.so.5']);
    const { ino } = statSync(folder);
    expect(statSync(unpacked()).ino).toBe(ino);
    expect(said).toEqual(['Unpacking PostgreSQL 18.4.0, once.']);
  });

  it('can be entered and read by others, whatever the mask', () => {
    const mask = process.umask(0o077);
    try {
      mkdirSync(join(root, 'data'), { mode: 0o755 });
      chmodSync(join(root, 'data'), 0o755);
      const folder = unpacked();
      for (const [path, mode] of [
        ['..', 0o755],
        ['.', 0o755],
        ['bin', 0o755],
        ['bin/postgres', 0o755],
        ['lib/libpq.so.5', 0o644],
      ] as const) {
        expect(statSync(join(folder, path)).mode & 0o777, path).toBe(mode);
      }
    } finally {
      process.umask(mask);
    }
  });

  it('is packed into the same bytes again', () => {
    const again = pack(join(root, 'programs'), (path) => !path.endsWith('.a'));
    expect(hash('sha256', again)).toBe(carried.sha256);
  });

  it('is not unpacked when its checksum is wrong', () => {
    const damaged = Buffer.from(carried.archive());
    damaged[20]! ^= 1;
    carried = { ...carried, archive: () => damaged };
    expect(unpacked).toThrow(
      /is damaged: the PostgreSQL in it does not have the checksum it was built with\. Copy the file again\.$/,
    );
    expect(existsSync(parent)).toBe(false);
  });

  it.each([
    [
      'a permission is missing',
      (folder: string) => chmodSync(join(folder, 'bin/postgres'), 0o644),
      /bin\/postgres has lost its permission to be executed/,
    ],
    [
      'a file is missing',
      (folder: string) => rmSync(join(folder, 'lib/libpq.so.5')),
      /libpq\.so\.5 is not as it was unpacked/,
    ],
    [
      'a file was cut off',
      (folder: string) => writeFileSync(join(folder, 'bin/postgres'), ''),
      /bin\/postgres is not as it was unpacked/,
    ],
    [
      'a file has another content of the same size',
      (folder: string) => writeFileSync(join(folder, 'bin/postgres'), '#!/bin/sh\necho "I rob"\n'),
      /bin\/postgres is not as it was unpacked/,
    ],
    [
      'a link leads elsewhere',
      (folder: string) => relink(join(folder, 'lib/libpq.so'), '/tmp/libpq.so'),
      /lib\/libpq\.so is not as it was unpacked/,
    ],
    [
      'a file became a link',
      (folder: string) => relink(join(folder, 'lib/libpq.so.5'), '/etc/passwd'),
      /libpq\.so\.5 is not as it was unpacked/,
    ],
    [
      'its list was changed',
      (folder: string) => writeFileSync(join(folder, 'files.json'), '[]'),
      /files\.json is not as it was unpacked/,
    ],
    ['others may write there', (folder: string) => chmodSync(folder, 0o777), /can be changed by other users/],
    ['its list is missing', (folder: string) => rmSync(join(folder, 'files.json')), /is not complete/],
  ])('is unpacked again when %s', (_what, harm, complaint) => {
    const folder = unpacked();
    harm(folder);
    expect(unpacked()).toBe(folder);
    expect(said.at(-1)).toMatch(complaint);
    expect(said.at(-1)).toMatch(/PostgreSQL is unpacked again\.$/);
    expect(execFileSync(join(folder, 'bin/postgres'), { encoding: 'utf8' })).toBe('I run\n');
    expect(readFileSync(join(folder, 'lib/libpq.so'), 'utf8')).toBe('library');
  });

  it('clears away what a killed start left half done, and not what another start is at', () => {
    const { pid: gone } = spawnSync('true');
    const name = `postgresql-18.4.0-${carried.sha256.slice(0, 12)}`;
    for (const pid of [gone, process.ppid]) mkdirSync(join(parent, `${name}.${pid}`, 'bin'), { recursive: true });
    unpacked();
    expect(readdirSync(parent).sort()).toEqual([name, `${name}.${process.ppid}`]);
  });

  it('says when a file is in the way', () => {
    writeFileSync(join(root, 'data'), '');
    expect(unpacked).toThrow(
      /PostgreSQL cannot be unpacked to .*: a file is in the way\. Choose another folder with DATA_DIR, or set DATABASE_URL\.$/,
    );
  });
});

function relink(path: string, target: string): void {
  rmSync(path);
  symlinkSync(target, path);
}
