/** A systemd that runs as the first process of a container: /usr is this machine's, everything else is new and its own. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { emptyFolder, onlyChildOf, run } from './server.ts';

/** Within a container, it may be there and not be allowed to start another. */
export const hasNspawn =
  process.getuid?.() === 0 &&
  spawnSync('systemd-nspawn', [
    '--quiet',
    '--volatile=yes',
    '--directory=/',
    '--register=no',
    '--keep-unit',
    `--machine=trial-${process.pid}`,
    '--pipe',
    '/bin/true',
  ]).status === 0;

/** Runs a line of shell in it; returns what it printed. */
export type Shell = (line: string) => string;

/** Boots it; `folder` is /mnt in it, to be read. */
export async function booted(folder: string): Promise<Shell> {
  const names = join(emptyFolder(), 'nsswitch.conf');
  writeFileSync(names, 'passwd: files systemd\ngroup: files systemd\nhosts: files dns\n');
  const container = run({
    file: '/usr/bin/systemd-nspawn',
    args: [
      '--quiet',
      '--volatile=yes',
      '--directory=/',
      '--tmpfs=/usr/local',
      `--bind-ro=${names}:/etc/nsswitch.conf`,
      `--bind-ro=${folder}:/mnt`,
      // Nobody keeps a list of containers, and nobody types.
      '--register=no',
      '--keep-unit',
      `--machine=fissile-${process.pid}`,
      '--console=pipe',
      '--boot',
      '--',
      '--unit=basic.target',
    ],
  });
  const shell: Shell = (line) => {
    const target = [
      '--target',
      String(onlyChildOf(container.process.pid!)),
      '--mount',
      '--pid',
      '--ipc',
      '--uts',
      '--cgroup',
      '--root',
      '--wd',
    ];
    const { stdout, stderr } = spawnSync('nsenter', [...target, '/bin/sh', '-c', line], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin' },
    });
    return (stdout + stderr).trim();
  };
  await expect.poll(() => shell('systemctl is-active basic.target')).toBe('active');
  return shell;
}
