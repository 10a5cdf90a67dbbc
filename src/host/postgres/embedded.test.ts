import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedServers, postgresIn } from '../../../tests/support/embedded-servers.ts';
import { isAlive, postmasterOf } from './postmaster-file.ts';

const { announced, newFolder, usedFolder, start, startProgram } = embeddedServers();

describe('an embedded database', () => {
  it('is created at the first start, which says so, and found again at the next', async () => {
    const dataDir = newFolder();
    announced.length = 0;
    const first = await start(dataDir);
    expect(announced).toEqual([expect.stringContaining('First start')]);
    await first.admin.query('CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const second = await start(dataDir);
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
    const dataDir = usedFolder('a-long-name-'.repeat(9));
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
    const outcome = await Promise.race([
      stopped.failed,
      new Promise((resolve) => setTimeout(() => resolve('nothing'), 100)),
    ]);
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
