import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { freshDatabaseUrl } from '../support/postgres.ts';
import { administrator, freePort } from '../support/running-program.ts';
import { imageEnvironment, inContainer, shellOfImage, unpackedImage } from './container.ts';
import { buysCoffee } from './customer.ts';
import { copiedTo, emptyFolder, ended, started } from './server.ts';
import { booted, hasNspawn } from './systemd.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const isRoot = process.getuid?.() === 0;
const unlessMissing = (there: boolean) => !there && !process.env.REQUIRE_SERVICES;

describe('the systemd unit', () => {
  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

  it.skipIf(unlessMissing(hasSystemd))('is one that systemd takes, and shuts the program in', () => {
    const folder = emptyFolder();
    const file = copiedTo(folder);
    const unit = join(folder, 'fissile.service');
    writeFileSync(
      unit,
      readFileSync(join(deploy, 'fissile.service'), 'utf8').replace('/usr/local/bin/fissile serve', `${file} serve`),
    );
    const verified = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(verified.stderr).toBe('');
    expect(verified.status).toBe(0);
    // Tenths, from 0 (shut in) to 100; a unit without options has 96.
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=15', unit], {
      encoding: 'utf8',
    });
    expect(security.status, security.stdout).toBe(0);
  });

  const skipped = unlessMissing(hasNspawn);
  it.skipIf(skipped)(
    `runs the program with its PostgreSQL, and starts it again when it is killed${skipped ? ' (needs root and systemd-nspawn)' : ''}`,
    async () => {
      const folder = emptyFolder();
      copiedTo(folder);
      const unit = readFileSync(join(deploy, 'fissile.service'), 'utf8');
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const secrets = [`AUTH_KEY_SECRET=${'k'.repeat(32)}`, `ADMIN_PASSWORD="${administrator.password}"`];
      writeFileSync(join(folder, 'fissile.service'), unit);
      writeFileSync(
        join(folder, 'fissile.env'),
        ['PAYMENT_PROVIDER=sandbox', 'SEED=demo', `PORT=${port}`, ...secrets].join('\n'),
      );
      const shell = await booted(folder);
      const property = (name: string) => shell(`systemctl show --value --property=${name} fissile`);
      const ready = async () => {
        await expect
          .poll(
            () =>
              fetch(`${url}/readyz`).then(
                ({ ok }) => ok,
                () => false,
              ),
            { timeout: 240_000 },
          )
          .toBe(true);
      };

      const install = unit.match(/(?<=^# {3})(install|systemctl) .+$/gm)!.join(' && ');
      expect(
        shell(`mkdir /usr/local/bin && cd /mnt && install -m 600 fissile.env /etc/fissile.env && ${install}`),
      ).toMatch(/^Created symlink [^\n]+$/);
      await ready();
      expect(await buysCoffee({ url })).toBe('paid');
      expect(shell('ls /var/lib/fissile').split('\n')).toEqual(['postgres', 'postgres.log', 'programs']);
      const first = property('MainPID');
      const rights = shell(`grep -hE '^(NoNewPrivs|Seccomp|CapBnd|CapEff):' /proc/${first}/status`);
      expect(Object.fromEntries(rights.split('\n').map((line) => line.split(/:\s+/)))).toEqual({
        CapBnd: '0000000000000000',
        CapEff: '0000000000000000',
        NoNewPrivs: '1',
        Seccomp: '2',
      });

      shell(`kill -9 ${first}`);
      await expect.poll(() => property('NRestarts')).toBe('1');
      await ready();
      expect(await buysCoffee({ url })).toBe('paid');

      shell('systemctl restart fissile');
      await ready();
      expect(await buysCoffee({ url })).toBe('paid');

      shell('systemctl stop fissile');
      expect([property('ActiveState'), property('Result')]).toEqual(['inactive', 'success']);
      expect(shell("grep -c '^Name:.*postgres' /proc/[0-9]*/status | grep -c ':1$'")).toBe('0');
      const journal = shell('journalctl --unit=fissile --output=cat');
      expect(journal.match(/Fissile is ready/g)).toHaveLength(3);
      expect(journal.split('\n').at(-1)).toMatch(/^Stopped/);
      expect(shell('tail -1 /var/lib/fissile/postgres.log')).toMatch(/database system is shut down$/);
    },
  );
});

describe.skipIf(!isRoot)('in a container that holds nothing but the file and the C libraries', () => {
  const file = inject('builtFile');

  it('runs on a PostgreSQL beside it', async () => {
    const { url, drop } = await freshDatabaseUrl();
    const program = await started({
      ...inContainer(unpackedImage({ file })),
      environment: { ...imageEnvironment, PORT: String(await freePort()), DATABASE_URL: url },
    });
    expect((await fetch(`${program.url}/v1/products`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    await drop();
  });

  it.each([
    ['a shell', {}, 'initdb needs a shell, /bin/sh, to create the first database. Set DATABASE_URL'],
    [
      'a name for its user',
      { shell: true, passwd: '' },
      'initdb: could not look up effective user ID 65532: user does not exist',
    ],
  ])('says that the embedded one lacks %s', async (_what, lacking, said) => {
    const environment = { ...imageEnvironment, PORT: String(await freePort()) };
    const { output, code } = await ended({ ...inContainer(unpackedImage({ file, ...lacking })), environment });
    expect(output.split('\n').at(-1)).toBe(
      `Fissile did not start: PostgreSQL could not be set up in ${imageEnvironment.DATA_DIR}/postgres: ${said}.`,
    );
    expect(code).toBe(1);
  });

  const skipped = unlessMissing(existsSync(shellOfImage));
  it.skipIf(skipped)(
    `has its own PostgreSQL with a shell beside it${skipped ? ' (needs busybox-static)' : ''}, and finds its data after it was killed`,
    async () => {
      const container = inContainer(unpackedImage({ file, shell: true }));
      const environment = { ...imageEnvironment, PORT: String(await freePort()) };
      // Each time the processes have the same numbers, and a killed one leaves its number behind.
      for (const signal of ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
        const program = await started({ ...container, environment });
        expect(await buysCoffee(program)).toBe('paid');
        const code = await program.stop(signal);
        if (signal === 'SIGTERM') expect(code).toBe(0);
      }
    },
  );
});
