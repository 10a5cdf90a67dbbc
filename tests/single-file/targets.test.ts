import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { emptyFolder, ended, started } from './server.ts';

vi.setConfig({ testTimeout: 600_000 });

const root = join(import.meta.dirname, '../..');
const build = (target: string) =>
  spawnSync(process.execPath, [join(root, 'build/main.ts'), '--target', target], { cwd: root, encoding: 'utf8' });

/** What the file's first bytes say that it is. */
function formatOf(file: string): string {
  const start = Buffer.alloc(20);
  const opened = openSync(file, 'r');
  readSync(opened, start, 0, start.length, 0);
  closeSync(opened);
  if (start.readUInt32BE(0) === 0x7f454c46) return `ELF for machine ${start.readUInt16LE(18)}`;
  if (start.readUInt32LE(0) === 0xfeedfacf) return `Mach-O for processor ${start.readUInt32LE(4) & 0xffffff}`;
  return start.toString('latin1', 0, 2) === 'MZ' ? 'PE' : 'unknown';
}

const emulator = 'qemu-aarch64-static';
const libraries = '/usr/aarch64-linux-gnu';
const missing = spawnSync(emulator, ['--version']).error !== undefined || !existsSync(join(libraries, 'lib/libstdc++.so.6'));
const skipped = missing && !process.env.REQUIRE_SERVICES;

describe('a file for another platform', () => {
  it.skipIf(skipped)(`is started by qemu for linux-arm64${skipped ? ' (needs qemu-user-static and libstdc++6-arm64-cross)' : ''}`, async () => {
    expect(build('linux-arm64').status).toBe(0);
    const arm64 = join(root, 'dist/linux-arm64/fissile');
    expect(formatOf(arm64)).toBe('ELF for machine 183');
    const file = execFileSync('which', [emulator], { encoding: 'utf8' }).trim();
    const version = await ended({ file, args: ['-L', libraries, arm64, '--version'] });
    expect(version.output).toMatch(/^fissile .*\ncommit .*\nnode 24\.\d+\.\d+\npostgresql 18\.\d+$/);

    const { url, drop } = await freshDatabaseUrl();
    const folder = emptyFolder();
    const program = await started({ file, folder, args: ['-L', libraries, arm64], environment: { DATABASE_URL: url } });
    expect(await (await fetch(`${program.url}/v1/products`)).json()).toMatchObject({ data: expect.arrayContaining([expect.anything()]) });
    expect(await program.stop()).toBe(0);
    await drop();
  });

  it.each([
    ['win-x64', 'fissile.exe', 'PE'],
    ['darwin-x64', 'fissile', 'Mach-O for processor 7'],
  ])('is built for %s, and nobody here can run it', (target, name, format) => {
    expect(build(target).status).toBe(0);
    expect(formatOf(join(root, 'dist', target, name))).toBe(format);
  });

  it('is refused where npm has another Node than the one that builds', () => {
    const { status, stderr } = build('darwin-arm64');
    expect(stderr).toMatch(/^--target darwin-arm64: npm has Node \d\S+ for it, and this Node 24\S+ prepares files for Node 24 only\. Build it on such a machine\.\n$/);
    expect(status).toBe(1);
  });

  it('is refused where there is no such platform, with those there are', () => {
    const { status, stderr } = build('beos-ppc');
    expect(stderr).toBe(
      '--target beos-ppc: there is no such target. There are: linux-x64, linux-arm64, darwin-arm64, darwin-x64, win-x64.\n',
    );
    expect(status).toBe(1);
  });
});
