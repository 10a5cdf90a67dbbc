import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { freePort } from '../support/running-program.ts';
import { emptyFolder } from './server.ts';

it('the commands of the README run the file, stop it, back it up, upgrade it, restore it, and give it TLS', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## Deploy it as one file\n'));
  const [, commands = ''] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  const folder = emptyFolder();
  mkdirSync(join(folder, 'dist'));
  copyFileSync(inject('builtFile'), join(folder, 'dist/fissile'));
  const port = String(await freePort());
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euc', commands.replaceAll('3000', port)], {
    cwd: folder,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PORT: port },
    timeout: 150_000,
  });

  expect(stdout.match(/\{"status":"ok"/g)).toHaveLength(2);
  expect(stdout).toContain('Administrator: admin@example.com, password ');
  expect(stdout).toContain('orders: up to date');
});
