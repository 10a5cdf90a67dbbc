import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { freePort } from '../support/running-program.ts';
import { copiedTo, emptyFolder, ended, started } from './server.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

describe('the systemd unit', () => {
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

  it.skipIf(!hasSystemd && !process.env.REQUIRE_SERVICES)('is one that systemd takes, and shuts the program in', () => {
    const folder = emptyFolder();
    const file = copiedTo(folder);
    const unit = join(folder, 'fissile.service');
    writeFileSync(unit, readFileSync(join(deploy, 'fissile.service'), 'utf8').replace('/usr/local/bin/fissile serve', `${file} serve`));
    const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(verified.stderr).toBe('');
    expect(verified.status).toBe(0);
    // Tenths, from 0 (shut in) to 100; a unit without options has 96.
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', unit], { encoding: 'utf8' });
    expect(security.status, security.stdout).toBe(0);
  });
});

/** What the base of deploy/Dockerfile.single has, as far as it matters: the C libraries, users, and devices. */
function distroless(): string {
  const root = emptyFolder();
  const libraries = execFileSync('ldd', [inject('builtFile')], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const library of libraries) {
    mkdirSync(join(root, dirname(library)), { recursive: true });
    copyFileSync(library, join(root, library));
  }
  for (const folder of ['dev', 'etc', 'tmp', 'home']) mkdirSync(join(root, folder));
  chownSync(join(root, 'home'), nobody, nobody);
  writeFileSync(join(root, 'etc/passwd'), `nonroot:x:${nobody}:${nobody}::/home:/sbin/nologin\n`);
  for (const [name, minor] of [['null', '3'], ['urandom', '9']] as const) execFileSync('mknod', ['-m', '666', join(root, 'dev', name), 'c', '1', minor]);
  cpSync(inject('builtFile'), join(root, 'fissile'));
  chmodSync(join(root, 'fissile'), 0o755);
  return root;
}

describe.skipIf(!isRoot)('where there is nothing but the file and the C libraries', () => {
  const args = (root: string) => [`--userspec=${nobody}:${nobody}`, root, '/fissile'];

  it('runs on a PostgreSQL beside it', async () => {
    const { url, drop } = await freshDatabaseUrl();
    const program = await started({ file: '/usr/sbin/chroot', args: args(distroless()), environment: { DATABASE_URL: url } });
    expect((await fetch(`${program.url}/v1/products`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    await drop();
  });

  it('says what the embedded one lacks', async () => {
    const environment = { DATA_DIR: '/home/data', PORT: String(await freePort()) };
    const { output, code } = await ended({ file: '/usr/sbin/chroot', args: args(distroless()), environment });
    expect(output.split('\n').at(-1)).toBe(
      'Fissile did not start: PostgreSQL could not be set up in /home/data/postgres: initdb needs a shell, /bin/sh, to create the first database. Set DATABASE_URL.',
    );
    expect(code).toBe(1);
  });
});
