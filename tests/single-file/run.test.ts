import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, inject, it } from 'vitest';
import { isAlive } from '../../src/host/postgres/postmaster-file.ts';
import { freePort } from '../support/running-program.ts';
import { tracesIn } from '../support/traces.ts';
import { buysCoffee } from './customer.ts';
import { below, copiedTo, emptyFolder, ended, run, started } from './server.ts';

/** A user other than root, whom every Unix has. */
const nobody = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
/** In a container without rights of its own nobody can. */
const canMount = isRoot && spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const oneLine = /^Fissile did not start: [^\n]+$/;

const programsIn = (folder: string) => readdirSync(join(folder, 'programs'));

describe('the file in an empty folder, with an empty environment', () => {
  it.skipIf(!isRoot).each([
    ['root', undefined],
    ['an ordinary user', nobody],
  ])('runs as %s, keeps its data, and starts again', async (_who, user) => {
    const folder = emptyFolder(user);
    const first = await started({ folder, ...(user && { user }) });
    expect(await buysCoffee(first)).toBe('paid');
    expect(first.output()).toMatch(/Unpacking PostgreSQL .*, once\.\nFirst start: creating the database/);
    for (const page of ['docs', 'docs/page.js', 'docs/docs.css', 'docs/events', 'openapi.json', 'asyncapi.json'])
      expect((await fetch(`${first.url}/${page}`)).status, page).toBe(200);
    expect(await first.stop()).toBe(0);
    expect(readdirSync(folder)).toEqual(['data']);

    const second = await started({ folder, ...(user && { user }) });
    expect(second.output()).not.toMatch(/Unpacking|First start/);
    expect(await buysCoffee(second)).toBe('paid');
    expect(await second.stop()).toBe(0);
  });

  it('says when it is not a terminal nothing in colour', async () => {
    const { output } = await ended({ environment: { PORT: 'eighty' } });
    expect(output).toMatch(oneLine);
    expect(output).not.toContain('\u001b');
  });

  it('says what it is', async () => {
    const { output, code } = await ended({ args: ['--version'] });
    expect(output).toMatch(/^fissile \d+\.\d+\.\d+\ncommit .+\nnode 24\.\d+\.\d+\npostgresql 18\.\d+$/);
    expect(code).toBe(0);
    const { output: forScripts } = await ended({ args: ['--version', '--json'] });
    expect(Object.keys(JSON.parse(forScripts) as object)).toEqual(['version', 'commit', 'node', 'postgresql']);
  });

  it.each(['serve', 'topology', 'migrate', 'backup', 'restore', 'certs', 'events', 'settings'])(
    'explains its command %s',
    async (command) => {
      const { output, code } = await ended({ args: [command, '--help'] });
      expect(output).toContain(`Usage: fissile ${command}`);
      expect(output).toContain('Exit codes: 0');
      expect(code).toBe(0);
    },
  );

  it('migrates what there is, and tells a script what it did', async () => {
    const folder = emptyFolder();
    const migrate = async () => {
      const program = run({ folder, args: ['migrate', '--json'] });
      let answer = '';
      program.process.stdout!.on('data', (data: Buffer) => (answer += data.toString()));
      expect(await program.exited).toBe(0);
      return JSON.parse(answer) as Record<string, string[]>;
    };
    const modules = readdirSync(join(import.meta.dirname, '../../modules')).sort();
    await (await started({ folder })).stop();
    expect(await migrate()).toEqual(Object.fromEntries(modules.map((module) => [module, []])));
  });
});

describe('the file', () => {
  it('runs from a place that cannot be written, with its data elsewhere', async () => {
    const place = emptyFolder();
    const file = copiedTo(place);
    chmodSync(place, 0o555);
    const data = emptyFolder(nobody);
    const program = await started({
      file,
      folder: place,
      environment: { DATA_DIR: data },
      ...(isRoot && { user: nobody }),
    });
    expect(await buysCoffee(program)).toBe('paid');
    expect(readdirSync(place)).toEqual(['fissile']);
    expect(await program.stop()).toBe(0);
    chmodSync(place, 0o755);
  });

  it('runs twice side by side, and a second time on the same data it refuses', async () => {
    const [one, other] = await Promise.all([started({}), started({})]);
    expect(await Promise.all([buysCoffee(one), buysCoffee(other)])).toEqual(['paid', 'paid']);
    const folder = `/proc/${one.process.pid}/cwd`;
    const { output, code } = await ended({
      environment: { PORT: String(await freePort()), DATA_DIR: join(folder, 'data') },
    });
    expect(output).toMatch(/in use by process \d+/);
    expect(code).toBe(1);
  });

  it('recovers from being killed while it unpacks', async () => {
    const folder = emptyFolder();
    const DATA_DIR = join(folder, 'data');
    const first = run({ folder, environment: { PORT: String(await freePort()) } });
    const unfinished = () =>
      existsSync(join(DATA_DIR, 'programs')) && programsIn(DATA_DIR).some((name) => /\.\d+$/.test(name));
    while (!unfinished() && first.process.exitCode === null) await delay(1);
    await first.stop('SIGKILL');
    expect(programsIn(DATA_DIR), 'killed on the way').toEqual([expect.stringMatching(/\.\d+$/)]);
    const second = await started({ folder });
    expect(programsIn(DATA_DIR)).toEqual([expect.stringMatching(/^postgresql-18\.[^/]*-[0-9a-f]{12}$/)]);
    expect(await buysCoffee(second)).toBe('paid');
  });

  it('unpacks again what has lost its permission to be executed', async () => {
    const folder = emptyFolder();
    expect(await (await started({ folder })).stop()).toBe(0);
    const [name] = programsIn(join(folder, 'data'));
    const postgres = join(folder, 'data/programs', name!, 'bin/postgres');
    chmodSync(postgres, 0o644);
    const again = await started({ folder });
    expect(again.output()).toMatch(
      /bin\/postgres has lost its permission to be executed\. PostgreSQL is unpacked again\./,
    );
    expect(statSync(postgres).mode & 0o777).toBe(0o755);
    expect(await buysCoffee(again)).toBe('paid');
  });

  it('refuses in one line when the PostgreSQL in it is damaged', async () => {
    const folder = emptyFolder();
    const file = join(folder, 'damaged');
    const bytes = readFileSync(inject('builtFile'));
    // A frame of zstd with the window that the archive has; a megabyte later is in the middle of it.
    const archive = bytes.lastIndexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
    bytes[archive + 1_000_000]! ^= 1;
    writeFileSync(file, bytes, { mode: 0o755 });
    const { output, code } = await ended({ file, folder, environment: { PORT: String(await freePort()) } });
    expect(output).toMatch(
      /^Unpacking PostgreSQL [^\n]+\nFissile did not start: [^\n]+ is damaged: [^\n]+ Copy the file again\.$/,
    );
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'data/postgres'))).toBe(false);
  });

  it.skipIf(!canMount).each([
    [
      'noexec',
      'noexec',
      /its file system forbids executing files \(noexec\)\. Choose another folder with DATA_DIR, or set DATABASE_URL\.$/,
    ],
    ['too small', 'size=20m', /no space is left on the disk; it takes 60 MB\. Choose another folder/],
  ])('refuses in one line where the data folder is %s', async (_what, options, said) => {
    const folder = emptyFolder();
    const data = below(folder, 'data');
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', data]).status).toBe(0);
    try {
      chmodSync(data, 0o755);
      const { output, code } = await ended({ folder, environment: { PORT: String(await freePort()) } });
      expect(output.split('\n').at(-1)).toMatch(oneLine);
      expect(output).toMatch(said);
      expect(code).toBe(1);
    } finally {
      spawnSync('umount', [data]);
    }
  });

  it('refuses the data of another PostgreSQL, and touches nothing', async () => {
    const folder = emptyFolder();
    const data = below(folder, 'data');
    mkdirSync(join(data, 'postgres'));
    writeFileSync(join(data, 'postgres/PG_VERSION'), '17\n');
    writeFileSync(join(data, 'postgres/fissile.password'), 'x');
    const before = tracesIn(folder);
    const { output, code } = await ended({ folder, environment: { PORT: String(await freePort()) } });
    expect(output).toMatch(
      /^Fissile did not start: \S+ was written by PostgreSQL 17, and this is PostgreSQL 18\. [^\n]+$/,
    );
    expect(code).toBe(1);
    expect(tracesIn(folder)).toEqual(before);
  });

  it('leaves no process behind', async () => {
    const folder = emptyFolder();
    const program = await started({ folder });
    const pid = Number(readFileSync(join(folder, 'data/postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    expect(isAlive(pid)).toBe(true);
    await program.stop();
    expect(isAlive(pid)).toBe(false);
    rmSync(join(folder, 'data'), { recursive: true });
  });
});
