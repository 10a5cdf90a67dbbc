/** Programs that are killed, and several on the same data. */
import { chownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { embeddedServers, gone, postgresIn } from '../../../tests/support/embedded-servers.ts';
import { isAlive, postmasterOf } from './postmaster-file.ts';
import { serviceAccount } from './service-account.ts';

const account = serviceAccount();
const { newFolder, usedFolder, start, startProgram } = embeddedServers();

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
    // The process that creates the files may outlive the program for a moment; a later start clears them away.
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
      writeFileSync(
        file,
        [somebodyElse, postgresIn(dataDir), 1_700_000_000, 5432, '.', '', '  1 1', 'ready   ', ''].join('\n'),
      );
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
    await start(dataDir);
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
    for (const line of others)
      expect(line).toMatch(new RegExp(`^StartupError: .* is in use by process ${winner.process.pid}, another copy`));
    await winner.end('SIGTERM');
  });
});
