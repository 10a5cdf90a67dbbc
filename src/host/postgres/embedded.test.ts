import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { binariesFor } from './binaries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.ts';
import { isAlive, postmasterOf } from './postmaster-file.ts';
import { canEnter, serviceAccount } from './service-account.ts';

vi.setConfig({ testTimeout: 60_000 });

const asRoot = process.getuid?.() === 0;
const account = serviceAccount();

/** `mkdtemp` closes it to all other users, as /root is: PostgreSQL's user cannot get here by itself. */
const root = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-embedded-'));
let folders = 0;
const newFolder = () => join(root, `data-${++folders}`);
/** A data folder on which a server ran before, and ended well. */
const usedFolder = () => {
  const copy = newFolder();
  execFileSync('cp', ['-a', template, copy]);
  return copy;
};
const template = newFolder();
const postgresIn = (dataDir: string) => join(dataDir, 'postgres');

const announced: string[] = [];
const running: EmbeddedPostgres[] = [];
async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, connections: 20, announce: (line) => void announced.push(line) });
  running.push(server);
  return server;
}

interface RunningProgram {
  readonly process: ChildProcess;
  /** Its next line. */
  line(): Promise<string | undefined>;
  readonly ended: Promise<void>;
  /** Resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}
const programs: ChildProcess[] = [];

function startProgram(dataDir: string, user?: { uid: number; gid: number }): RunningProgram {
  const script = fileURLToPath(new URL('../../../tests/support/embedded-program.ts', import.meta.url));
  const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'], detached: true, ...user });
  programs.push(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  return {
    process: child,
    ended,
    line: async () => (await lines.next()).value,
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

const gone = async (pid: number) => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
};

beforeAll(async () => {
  await (await start(template)).stop();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  for (const child of programs.splice(0)) {
    if (child.exitCode === null) child.kill('SIGKILL');
  }
});
afterAll(async () => {
  for (const name of readdirSync(root)) {
    const left = postmasterOf(postgresIn(join(root, name)));
    if (left) process.kill(left.pid, 'SIGQUIT');
    if (left) await gone(left.pid);
  }
  rmSync(root, { recursive: true, force: true });
});

describe('an embedded database', () => {
  it('is created at the first start, which says so, and found again at the next', async () => {
    const dataDir = newFolder();
    announced.length = 0;
    const first = await start(dataDir);
    expect(first.firstStart).toBe(true);
    expect(announced).toEqual([expect.stringContaining('First start')]);
    await first.admin.query('CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start(dataDir);
    expect(second.firstStart).toBe(false);
    expect(announced).toHaveLength(1);
    expect((await second.admin.query('SELECT answer FROM kept')).rows).toEqual([{ answer: 42 }]);
  });

  it('is reached through a socket that only its user may enter, and listens nowhere else', async () => {
    const { admin, folder } = await start(usedFolder());
    expect((await admin.query('SHOW listen_addresses')).rows).toEqual([{ listen_addresses: '' }]);
    expect(statSync(join(folder, '.s.PGSQL.5432')).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'fissile.password')).mode & 0o777).toBe(0o600);
  });

  it('listens on this machine, for those with the password, where the name of its folder is too long for a socket', async () => {
    const dataDir = join(root, 'a-long-name-'.repeat(9));
    execFileSync('cp', ['-a', template, dataDir]);
    const { admin } = await start(dataDir);
    expect(admin.host).toBe('127.0.0.1');
    expect((await admin.query('SHOW listen_addresses')).rows).toEqual([{ listen_addresses: '127.0.0.1' }]);
    await expect(start(dataDir)).rejects.toThrow(`is in use by process ${process.pid}`);
  });

  it('is as safe as PostgreSQL can be', async () => {
    const { admin } = await start(usedFolder());
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']) {
      expect((await admin.query(`SHOW ${setting}`)).rows).toEqual([{ [setting]: 'on' }]);
    }
  });

  it('stops cleanly: the next start has nothing to repair', async () => {
    const dataDir = usedFolder();
    const server = await start(dataDir);
    await server.admin.query('CREATE TABLE numbers AS SELECT generate_series(1, 1000)');
    await server.stop();
    await server.stop();
    await (await start(dataDir)).stop();
    const log = readFileSync(join(dataDir, 'postgres.log'), 'utf8');
    expect(log.match(/database system is shut down/g)?.length).toBeGreaterThanOrEqual(2);
    expect(log).not.toContain('not properly shut down');
  });

  it('tells when it ended by itself, and not when it was stopped', async () => {
    const server = await start(usedFolder());
    const failure = server.failed;
    process.kill(postmasterOf(server.folder)!.pid, 'SIGQUIT');
    expect((await failure).message).toMatch(/^The database ended by itself; see .*postgres\.log\.$/);

    const stopped = await start(usedFolder());
    await stopped.stop();
    const outcome = await Promise.race([stopped.failed, new Promise((resolve) => setTimeout(() => resolve('nothing'), 100))]);
    expect(outcome).toBe('nothing');
  });

  it('outlives a Ctrl-C, so that the program can finish what is under way', async () => {
    const dataDir = usedFolder();
    const program = startProgram(dataDir);
    expect(await program.line()).toBe('started 1');
    const { pid } = postmasterOf(postgresIn(dataDir))!;
    process.kill(-program.process.pid!, 'SIGINT');
    expect(await program.line()).toBe('interrupted');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isAlive(pid)).toBe(true);
    await program.end('SIGTERM');
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a program that was killed', () => {
  it('leaves a server that the next one takes over, with all that was committed', async () => {
    const dataDir = usedFolder();
    const killed = startProgram(dataDir);
    expect(await killed.line()).toBe('started 1');
    const { pid } = postmasterOf(postgresIn(dataDir))!;
    await killed.end('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    const next = startProgram(dataDir);
    expect(await next.line()).toBe('started 2');
    expect(isAlive(pid)).toBe(false);
    expect(postmasterOf(postgresIn(dataDir))!.pid).not.toBe(pid);
    await next.end('SIGTERM');
  });

  it('together with its server leaves data that is repaired', async () => {
    const dataDir = usedFolder();
    const killed = startProgram(dataDir);
    expect(await killed.line()).toBe('started 1');
    const { pid } = postmasterOf(postgresIn(dataDir))!;
    process.kill(pid, 'SIGKILL');
    await killed.end('SIGKILL');
    await gone(pid);
    const next = startProgram(dataDir);
    expect(await next.line()).toBe('started 2');
    await next.end('SIGTERM');
  });

  it('during the first start leaves nothing that is in the way', async () => {
    const dataDir = newFolder();
    const killed = startProgram(dataDir);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await killed.end('SIGKILL');
    let starts = 0;
    // What creates the files may outlive the program for a moment; a later start clears away what is left.
    do {
      const next = startProgram(dataDir);
      expect(await next.line()).toBe(`started ${++starts}`);
      await next.end('SIGTERM');
    } while (readdirSync(dataDir).some((name) => name.includes('.new')));
    expect(readdirSync(dataDir).toSorted()).toEqual(['postgres', 'postgres.log']);
  });

  it('leaves a file with a process number that may by now be another’s', async () => {
    const dataDir = usedFolder();
    const somebodyElse = process.pid;
    const files = ['postmaster.pid', '.s.PGSQL.5432.lock'].map((name) => join(postgresIn(dataDir), name));
    for (const file of files) {
      writeFileSync(file, [somebodyElse, postgresIn(dataDir), 1_700_000_000, 5432, '.', '', '  1 1', 'ready   ', ''].join('\n'));
      if (account) chownSync(file, account.uid, account.gid);
    }
    const server = await start(dataDir);
    expect((await server.admin.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a second program on the same data', () => {
  it('is told which process uses it, and disturbs nobody', async () => {
    const dataDir = usedFolder();
    const first = startProgram(dataDir);
    expect(await first.line()).toBe('started 1');
    const second = startProgram(dataDir);
    expect(await second.line()).toBe(
      `StartupError: ${postgresIn(dataDir)} is in use by process ${first.process.pid}, another copy of this program. Stop it, or choose another folder with DATA_DIR.`,
    );
    await second.ended;
    expect(second.process.exitCode).toBe(1);
    await expect(start(dataDir)).rejects.toThrow(`is in use by process ${first.process.pid}`);
    await first.end('SIGTERM');
    expect((await start(dataDir)).firstStart).toBe(false);
  });

  it.each([
    ['data that is there', usedFolder],
    ['data that is still to be created', newFolder],
  ])('loses when several start at once on %s, and one wins', async (_what, makeFolder) => {
    const dataDir = makeFolder();
    const all = [1, 2, 3].map(() => startProgram(dataDir));
    const said = await Promise.all(all.map((program) => program.line()));
    expect(said.filter((line) => line === 'started 1')).toHaveLength(1);
    const winner = all[said.indexOf('started 1')]!;
    const others = said.filter((line) => line !== 'started 1');
    for (const line of others) expect(line).toMatch(new RegExp(`^StartupError: .* is in use by process ${winner.process.pid}, another copy`));
    await winner.end('SIGTERM');
  });
});

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
    expect(await refusal(dataDir)).toContain(`${postgresIn(dataDir)} is in the way`);
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
    expect(await refusal(dataDir)).toMatch(/^PostgreSQL does not start: .*configuration file .* contains errors\. See .*postgres\.log\.$/);
  });

  it.runIf(asRoot && process.platform === 'linux')('where the disk is full', async ({ skip }) => {
    const disk = newFolder();
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', disk]).status !== 0) return skip('no disk can be mounted here');
    const filler = join(disk, 'filler');
    const dataDir = join(disk, 'data');
    try {
      writeFileSync(filler, Buffer.alloc(40_000_000));
      expect(await refusal(dataDir)).toBe(`${postgresIn(dataDir)} cannot be written: no space is left on the disk.`);
      rmSync(filler);
      await (await start(dataDir)).stop();
      expect(() => writeFileSync(filler, Buffer.alloc(60_000_000))).toThrow('no space left');
      expect(await refusal(dataDir)).toMatch(/^PostgreSQL does not start: no space is left on the disk\. See .*postgres\.log\.$/);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  it.runIf(asRoot)('where the user may not write, or the data is not theirs', async () => {
    const closed = join(realpathSync(tmpdir()), `fissile-closed-${process.pid}`);
    mkdirSync(closed);
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

  it('and later as that user, the program goes on with the same data', async () => {
    const open = join(realpathSync(tmpdir()), `fissile-open-${process.pid}`);
    mkdirSync(open, { mode: 0o755 });
    try {
      const asOther = startProgram(join(open, 'data'), account!);
      expect(await asOther.line()).toContain('cannot be written');
      chownSync(open, account!.uid, account!.gid);
      for (const [user, line] of [[account, 'started 1'], [undefined, 'started 2'], [account, 'started 3']] as const) {
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
    writeFileSync(join(packaged.folder, 'lib/libpq.so.5.18'), 'library');
    symlinkSync('libpq.so.5.18', join(packaged.folder, 'lib/libpq.so'));
    const shared = join(realpathSync(tmpdir()), `fissile-shared-${process.pid}`);
    try {
      const copy = binariesFor(account, packaged, shared);
      expect(copy.folder).toBe(join(shared, 'postgresql-18.0.0-test'));
      expect(canEnter(account!, copy.folder)).toBe(true);
      expect(readFileSync(join(copy.folder, 'lib/libpq.so'), 'utf8')).toBe('library');
      const { ino } = statSync(copy.folder);
      expect(statSync(binariesFor(account, packaged, shared).folder).ino).toBe(ino);
      expect(readdirSync(shared)).toEqual(['postgresql-18.0.0-test']);

      chmodSync(root, 0o755);
      expect(binariesFor(account, packaged, shared)).toBe(packaged);
    } finally {
      chmodSync(root, 0o700);
      rmSync(shared, { recursive: true });
    }
  });
});
